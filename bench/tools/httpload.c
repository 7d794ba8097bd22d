/* A fleet of HTTP/1.1 clients, each on one connection that it keeps: httpload ADDRESS PORT PATH CLIENTS REQUESTS BYTES.
 * Prints one line of JSON; exit code 1 when a request failed. What a client waits for is from its request to its last octet. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef struct { int fd; int connected; char head[4096]; int have; int inBody; long long left; double asked; } Client;

static struct sockaddr_in server;
static char request[2048];
static int requestLength, poller, unasked, waiting;
static long long wanted, ok, failed, octets;
static double *took;
static char why[128];

static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1e3 + t.tv_nsec / 1e6; }

static void end(Client *c, const char *reason) {
  if (reason) { failed++; if (!why[0]) snprintf(why, sizeof why, "%s", reason); }
  close(c->fd);
  waiting--;
}

static void ask(Client *c) {
  if (unasked <= 0) { end(c, NULL); return; }
  unasked--;
  c->have = 0; c->inBody = 0; c->left = 0; c->asked = now();
  if (send(c->fd, request, requestLength, MSG_NOSIGNAL) != requestLength) end(c, strerror(errno));
}

/* A head that is complete: what it promises. Returns 0 when the client has ended. */
static int readHead(Client *c, char *stop) {
  *stop = 0;
  char *length = strcasestr(c->head, "\r\nContent-Length:");
  if (strncmp(c->head, "HTTP/1.1 200 ", 13) || !length) { c->head[12] = 0; end(c, c->head); return 0; }
  c->left = atoll(length + 17);
  if (c->left != wanted) { end(c, "another length"); return 0; }
  int body = c->have - (int)(stop + 4 - c->head);
  c->left -= body; octets += body; c->inBody = 1;
  return 1;
}

static void done(Client *c) { took[ok++] = now() - c->asked; ask(c); }

static void readable(Client *c) {
  for (int turn = 0; turn < 16; turn++) {
    if (!c->inBody) {
      ssize_t n = recv(c->fd, c->head + c->have, sizeof c->head - 1 - c->have, 0);
      if (n < 0 && errno == EAGAIN) return;
      if (n <= 0) { end(c, n ? strerror(errno) : "ended"); return; }
      c->have += n; c->head[c->have] = 0;
      char *stop = memmem(c->head, c->have, "\r\n\r\n", 4);
      if (!stop) { if (c->have > 4000) { end(c, "long head"); return; } continue; }
      if (!readHead(c, stop)) return;
    } else {
      /* Of TCP, MSG_TRUNC throws octets away without copying them. */
      ssize_t n = recv(c->fd, NULL, c->left > (1 << 20) ? 1 << 20 : c->left, MSG_TRUNC);
      if (n < 0 && errno == EAGAIN) return;
      if (n <= 0) { end(c, n ? strerror(errno) : "ended early"); return; }
      c->left -= n; octets += n;
    }
    if (c->inBody && c->left == 0) { done(c); return; }
  }
}

static int compare(const void *a, const void *b) { double d = *(double *)a - *(double *)b; return d < 0 ? -1 : d > 0; }

int main(int argc, char **argv) {
  if (argc != 7) { fprintf(stderr, "httpload ADDRESS PORT PATH CLIENTS REQUESTS BYTES\n"); return 2; }
  int clients = atoi(argv[4]), requests = atoi(argv[5]);
  wanted = atoll(argv[6]);
  server.sin_family = AF_INET; server.sin_port = htons(atoi(argv[2])); inet_pton(AF_INET, argv[1], &server.sin_addr);
  requestLength = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: httpload\r\n\r\n", argv[3], argv[1]);
  struct rlimit many = { clients + 64, clients + 64 }; setrlimit(RLIMIT_NOFILE, &many);
  took = calloc(requests + 1, sizeof *took);
  Client *all = calloc(clients, sizeof *all);
  poller = epoll_create1(0);
  unasked = requests; waiting = clients;
  double started = now();
  for (int i = 0; i < clients; i++) {
    Client *c = &all[i];
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int one = 1; setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event e = { .events = EPOLLOUT, .data.ptr = c };
    epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &e);
    connect(c->fd, (struct sockaddr *)&server, sizeof server);
    epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &e);
  }
  while (waiting > 0) {
    struct epoll_event events[256];
    int n = epoll_wait(poller, events, 256, 60000);
    if (n == 0) { failed += waiting; snprintf(why, sizeof why, "a minute of silence"); break; }
    for (int i = 0; i < n; i++) {
      Client *c = events[i].data.ptr;
      if (c->connected) { readable(c); continue; }
      int error = 0; socklen_t size = sizeof error;
      getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
      if (error) { end(c, strerror(error)); continue; }
      c->connected = 1;
      struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };
      epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &e);
      ask(c);
    }
  }
  double seconds = (now() - started) / 1e3;
  qsort(took, ok, sizeof *took, compare);
  printf("{\"ok\":%lld,\"fail\":%lld,\"sec\":%.4f,\"MBps\":%.1f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,\"err\":\"%s\"}\n", ok, failed,
         seconds, octets / seconds / 1e6, ok ? took[ok / 2] : 0, ok ? took[ok * 99 / 100] : 0, ok ? took[ok - 1] : 0, why);
  return failed > 0;
}
