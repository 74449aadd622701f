/** Written in the docs, and good on one's own machine alone. */
export const demoPassword = 'tableside-demo'

/** What is tried first by everybody who guesses, of those that are long enough. */
const common = new Set([
  demoPassword,
  '1234567890',
  '0123456789',
  '9876543210',
  '0987654321',
  '12345678910',
  '123456789a',
  '1q2w3e4r5t',
  '1qaz2wsx3edc',
  'abc1234567',
  'abcdefghij',
  'password12',
  'password123',
  'password1234',
  'password!1',
  'passwordpassword',
  'passw0rd123',
  'qwertyuiop',
  'qwerty12345',
  'qwerty123456',
  'asdfghjkl;',
  'letmein123',
  'iloveyou123',
  'welcome123',
  'welcome1234',
  'changeme123',
  'restaurant',
  'restaurant1',
  'tableside1',
  'tableside123',
  'football123',
  'baseball123',
  'admin12345',
  'administrator',
])

/** R90. Why nobody should use this password, null where there is nothing against it. Its length is the shape's to say. */
export function passwordMistake(password: string, of: { email: string; name: string }): string | null {
  const typed = password.normalize('NFKC').toLowerCase().trim()
  const plain = typed.replace(/\s/g, '')
  if (new Set(plain).size < 4) return 'must not be the same few characters over and over'
  if (common.has(plain) || common.has(typed)) return 'is one that everybody tries first'
  const [local = ''] = of.email.split('@')
  if (plain === of.email || plain === local || plain === of.name.toLowerCase().replace(/\s/g, ''))
    return 'must not be the e-mail or the name'
  return null
}
