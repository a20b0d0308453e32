// Package autodiscover finds a mail server by an e-mail address, as a help for
// whoever fills in the parameters: it proposes addresses and decides nothing.
//
// It asks in the documented order (MS-OXDSCLI 3.1.5, MS-OXWSADISC): https://DOMAIN,
// https://autodiscover.DOMAIN, the redirect that http://autodiscover.DOMAIN gives
// without a login, and the service record _autodiscover._tcp.DOMAIN; each place first
// by SOAP (GetUserSettings), then by POX. Directory lookups (SCP) are left out.
//
// It promises:
//
//   - A login goes over TLS with a checked certificate only, and only to the mail
//     domain, a host beneath it, or a host a person agreed to.
//   - A login that is refused is tried at one more host at most: lock-out rules
//     count.
//   - What comes back is limited in size, depth and number of redirects, and the
//     whole search in time.
//   - Every step is told: what was asked, what came back, and a stable code.
//
// It must not know parameters, the store, or how a mailbox is synced.
package autodiscover
