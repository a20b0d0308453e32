// Package e2e owns the tests of the whole: the real program in a process of its
// own, a simulated Exchange behind TLS and NTLM, a business database in a file,
// and a caller on the agent's socket.
//
// It promises that what it judges is seen from outside: mailboxes are read from
// the simulator, business rows by plain SQL, the agent's state through its pipe.
// Only an agent that has ended is looked at from inside, for the integrity of its
// store and for what it has recorded. It must not know how the agent reaches its ends, and it owns nothing but
// tests.
package e2e
