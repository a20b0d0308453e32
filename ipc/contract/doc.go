// Package contract is what tray, window and command line say to the agent:
// abgleich.proto and the code generated from it (make generate). It promises that
// field numbers, enumeration values and fault codes keep their meaning.
//
// It must not know how the bytes travel (ipc/pipe) or what the agent does with
// them (agent/api).
package contract

// Version is the contract version this program speaks; see Hello.
const Version = 1
