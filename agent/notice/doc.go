// Package notice owns the mails the agent writes to the message recipient: what is
// worth one, when, and that it never becomes a flood.
//
// A [Source] is something that can fail: one kind of a user, the guards of a user,
// the business database. The caller tells what each is doing ([Desk.Failing],
// [Desk.Well], [Desk.Over], [Desk.Gone]); the desk gathers sources that fail with
// one code into a trouble and promises:
//
//   - one mail for a trouble until it is over, then one "recovered", whatever
//     restarts lie in between; what concerns the whole installation is one trouble
//     for all users;
//   - codes that need a person are written of at once, all others after a day;
//   - a trouble that comes and goes is written of once an hour at most;
//   - mails wait, with growing pauses, while the mail server is down; at most
//     [MaxWaiting] of them;
//   - once a day, at a time the parameters say, a summary of what is wrong, and none
//     when nothing is;
//   - a service that can't start, ends with an error or was killed is told of once,
//     until it has run for a while;
//   - without a recipient nothing is sent, and nothing is wrong.
//
// A mail holds a code, its sentences, names and times: never the content of an
// appointment or task and never a secret. It leaves by SMTP ([SMTP]) or from a mailbox
// through Exchange ([Exchange]), the only place where the agent has Exchange mail
// anybody. The package must not know who runs the
// sync, nor where the parameters come from.
package notice
