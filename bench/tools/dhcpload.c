/* A relay agent with as many new clients as it takes: dhcpload SERVER GIADDR RATE SECONDS
 * Sends RATE DISCOVERs a second, each of a client of its own, whatever comes back; answers each OFFER with a REQUEST at
 * once, and counts ACKs. Prints one JSON line: what was sent and acknowledged within SECONDS, and in the second after. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 64
#define SIZE 300

static struct mmsghdr out[BATCH], in[BATCH];
static struct iovec out_iov[BATCH], in_iov[BATCH];
static uint8_t out_bytes[BATCH][SIZE], in_bytes[BATCH][1500];
static uint32_t giaddr;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static uint8_t *head(uint8_t *p, uint32_t client, uint8_t type) {
  memset(p, 0, SIZE);
  p[0] = p[1] = 1;
  p[2] = 6;
  p[3] = 1;
  uint32_t be = htonl(client);
  memcpy(p + 4, &be, 4);
  memcpy(p + 24, &giaddr, 4);
  p[28] = 0x02;
  p[29] = 0x77;
  memcpy(p + 30, &be, 4);
  memcpy(p + 236, "\x63\x82\x53\x63\x35\x01", 6);
  p[242] = type;
  memcpy(p + 243, "\x37\x07\x01\x03\x06\x0f\x1c\x02\x2a", 9);
  return p + 252;
}

/* Option 54 of an answer; 0 when it has none. */
static const uint8_t *server_id(const uint8_t *p, int length) {
  for (int i = 240; i + 1 < length && p[i] != 255; i += p[i] == 0 ? 1 : 2 + p[i + 1])
    if (p[i] == 54 && i + 6 <= length) return p + i + 2;
  return 0;
}

static int send_all(int fd, int count) {
  int sent = 0;
  while (sent < count) {
    int n = sendmmsg(fd, out + sent, count - sent, 0);
    if (n <= 0) {
      if (errno == EAGAIN || errno == ENOBUFS || errno == ECONNREFUSED) continue;
      perror("sendmmsg");
      exit(1);
    }
    sent += n;
  }
  return sent;
}

int main(int argc, char **argv) {
  if (argc != 5) return fprintf(stderr, "usage: dhcpload SERVER GIADDR RATE SECONDS\n"), 2;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(67)}, own = to;
  inet_pton(AF_INET, argv[1], &to.sin_addr);
  inet_pton(AF_INET, argv[2], &own.sin_addr);
  giaddr = own.sin_addr.s_addr;
  double rate = atof(argv[3]), seconds = atof(argv[4]);
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), room = 16 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  if (bind(fd, (void *)&own, sizeof own) || connect(fd, (void *)&to, sizeof to)) return perror("bind"), 1;
  for (int i = 0; i < BATCH; i++) {
    out_iov[i] = (struct iovec){out_bytes[i], SIZE};
    in_iov[i] = (struct iovec){in_bytes[i], sizeof in_bytes[i]};
    out[i].msg_hdr = (struct msghdr){.msg_iov = &out_iov[i], .msg_iovlen = 1};
    in[i].msg_hdr = (struct msghdr){.msg_iov = &in_iov[i], .msg_iovlen = 1};
  }
  uint32_t client = 1;
  long sent = 0, offers = 0, acks = 0, late = 0, naks = 0;
  double start = now(), t;
  while ((t = now() - start) < seconds + 1) {
    long due = t < seconds ? (long)(rate * t) - sent : 0;
    int count = due > BATCH ? BATCH : due;
    for (int i = 0; i < count; i++) *head(out_bytes[i], client++, 1) = 255;
    if (count > 0) sent += send_all(fd, count);
    int got = recvmmsg(fd, in, BATCH, MSG_DONTWAIT, 0), replies = 0;
    for (int i = 0; i < got; i++) {
      const uint8_t *p = in_bytes[i];
      if (in[i].msg_len < 244 || p[240] != 53) continue;
      if (p[242] == 5 && t < seconds) acks++;
      else if (p[242] == 5) late++;
      else if (p[242] == 6) naks++;
      if (p[242] != 2) continue;
      offers++;
      const uint8_t *id = server_id(p, in[i].msg_len);
      if (!id) continue;
      uint32_t be;
      memcpy(&be, p + 4, 4);
      uint8_t *at = head(out_bytes[replies++], ntohl(be), 3);
      memcpy(at, "\x32\x04", 2);
      memcpy(at + 2, p + 16, 4);
      memcpy(at + 6, "\x36\x04", 2);
      memcpy(at + 8, id, 4);
      at[12] = 255;
    }
    if (replies) send_all(fd, replies);
  }
  printf("{\"sent\":%ld,\"offers\":%ld,\"acks\":%ld,\"late\":%ld,\"naks\":%ld,\"seconds\":%g}\n", sent, offers, acks, late,
         naks, seconds);
  return 0;
}
