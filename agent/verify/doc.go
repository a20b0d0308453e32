// Package verify owns the staged check behind "Verify Credentials": from the
// employee's master data to a notification that really arrives.
//
// It promises:
//
//   - Every stage is told twice, when it begins and when it ends: ok, warning,
//     failed or skipped, with a stable code, values for its text and hint, and
//     details for a developer. A stage that an earlier failure makes pointless is
//     skipped, with that failure's code.
//   - One login attempt in all. A login known as refused is not tried unless a
//     person asked for it; a refusal is noted before the check goes on.
//   - Nothing is changed: not in the mailbox, not in the business database. The one
//     thing left behind is a notification subscription that ends with its next call.
//   - No secret stands in anything it tells.
//
// It asks the server without a login first, so that what can be known without
// showing the password is known before. It must not know who may ask for a check,
// nor the texts a person reads.
package verify
