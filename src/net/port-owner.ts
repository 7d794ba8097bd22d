export function portOwner(_port: number): string | undefined {
  return undefined;
}
