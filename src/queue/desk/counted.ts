/** Numbers of people in the server's sentences. */

/** With a comma between thousands, whatever the machine's language: 12,345. */
export const counted = (people: number): string => people.toLocaleString('en-US');
