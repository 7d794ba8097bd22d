/** `[ … ]` without files: texts and numbers, `-a`, `-o` and `!` (GRUB manual, "test"). Unknown tests are false. */
export function testWords(words: readonly string[]): boolean {
  const or = words.indexOf('-o');
  if (or >= 0) return testWords(words.slice(0, or)) || testWords(words.slice(or + 1));
  const and = words.indexOf('-a');
  if (and >= 0) return testWords(words.slice(0, and)) && testWords(words.slice(and + 1));
  const [first = '', second, third] = words;
  if (first === '!') return !testWords(words.slice(1));
  if (words.length === 3 && second !== undefined && third !== undefined) return compare(first, second, third);
  if (words.length === 2) {
    if (first === '-n') return second !== '';
    if (first === '-z') return second === '';
    return false;
  }
  // An empty variable leaves an empty word: `[ "$x" ]`.
  return words.length === 1 && first !== '';
}

function compare(left: string, operator: string, right: string): boolean {
  const [a, b] = [Number(left), Number(right)];
  switch (operator) {
    case '=':
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '-eq':
      return a === b;
    case '-ne':
      return a !== b;
    case '-lt':
      return a < b;
    case '-le':
      return a <= b;
    case '-gt':
      return a > b;
    case '-ge':
      return a >= b;
    case '<':
      return left < right;
    case '>':
      return left > right;
    default:
      return false;
  }
}
