/** Names that never leave a machine or a house; a lone word is one too. */
const atHome = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|private|home\.arpa|in-addr\.arpa|ip6\.arpa)$/
const squareHosts = ['connect.squareup.com', 'connect.squareupsandbox.com']

/**
 * R48. What an address of an outside party must not be; null where it may be called. Addresses in numbers are refused
 * altogether: a till with a certificate has a name, and what a URL makes of 2130706433 or 0x7f.1 need not be known here.
 */
export function urlMistake(url: string, kind: string, local: boolean): string | null {
  if (!URL.canParse(url)) return 'must be a URL'
  const { protocol, username, password, hostname, hash } = new URL(url)
  if (protocol !== 'https:' && !(local && protocol === 'http:')) return 'must be an https URL'
  if (username !== '' || password !== '') return 'must not carry credentials'
  if (hash !== '' || url.includes('#')) return 'must not have a fragment'
  if (local) return null
  const host = hostname.toLowerCase().replace(/\.$/, '')
  if (host.startsWith('[') || /^[\d.]+$/.test(host)) return 'must have a name, not an address in numbers'
  if (!host.includes('.') || atHome.test(host)) return 'must be an address on the public internet'
  if (kind === 'square' && !squareHosts.includes(host)) return `must be one of ${squareHosts.join(', ')}`
  return null
}
