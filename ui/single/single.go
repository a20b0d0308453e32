// Package single keeps to one window and one icon for each person, session and
// agent: the first start shows the window, every later one asks the first to show a
// page and ends. An icon has no pages: later ones only end.
//
// It uses a local socket or pipe of the user's own (package pipe), so that a
// window that crashed leaves nothing behind that could keep the next one from
// starting. It must not know what a window or an icon is: it passes one short word on.
package single

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"abgleich/ipc/pipe"
)

// maxWord is the longest word that is passed on, in bytes.
const maxWord = 64

// answerTime is how long the first may take to answer the second.
const answerTime = 3 * time.Second

// Instance is the first start: it hears the words of the later ones.
type Instance struct{ listener net.Listener }

// Claim makes this start the first, or passes word to the one that is: then
// first is nil and so is the error.
func Claim(ctx context.Context, address, word string) (first *Instance, err error) {
	for try := 0; try < 3 && (try == 0 || ctx.Err() == nil); try++ {
		// Ask before listening: under Wine a second listener on a name is let in.
		if err = tell(ctx, address, word); err == nil {
			return nil, nil
		}
		if !errors.Is(err, pipe.ErrUnreachable) {
			continue // somebody is there, and does not answer
		}
		l, listenErr := pipe.Listen(address, pipe.ListenOptions{})
		if listenErr == nil {
			return &Instance{l}, nil
		}
		if !errors.Is(listenErr, pipe.ErrInUse) {
			return nil, fmt.Errorf("single: %w", listenErr)
		}
		// The first is just starting or ending: ask again.
	}
	return nil, fmt.Errorf("single: another one does not answer: %w", err)
}

func tell(ctx context.Context, address, word string) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	c, err := pipe.Dial(ctx, address, pipe.Trust{})
	if err != nil {
		return err
	}
	defer c.Close()
	deadline, _ := ctx.Deadline()
	if err := c.SetDeadline(deadline); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(c, "%s\n", word); err != nil {
		return err
	}
	answer, err := bufio.NewReaderSize(c, 16).ReadString('\n')
	if err == nil && answer != "ok\n" {
		err = fmt.Errorf("unexpected answer %q", answer)
	}
	return err
}

// Serve hands every word that later starts pass on to heard, until ctx ends. It
// gives the address back.
func (i *Instance) Serve(ctx context.Context, heard func(word string)) {
	stop := context.AfterFunc(ctx, func() { i.listener.Close() })
	// Closed for good when Serve returns, not only on the way there: the next
	// start may come at once.
	defer i.listener.Close()
	defer stop()
	for {
		c, err := i.listener.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return
			}
			select { // a passing trouble, such as too many open files
			case <-ctx.Done():
				return
			case <-time.After(time.Second):
			}
			continue
		}
		// One at a time: a start that falls silent holds the next ones up for
		// three seconds at most.
		i.hear(c, heard)
	}
}

// Close gives the address back without serving it. It may be called twice.
func (i *Instance) Close() error { return i.listener.Close() }

func (i *Instance) hear(c net.Conn, heard func(string)) {
	defer c.Close()
	if c.SetDeadline(time.Now().Add(answerTime)) != nil {
		return
	}
	word, err := bufio.NewReaderSize(c, maxWord).ReadSlice('\n')
	if err != nil {
		return // too long, too late or gone
	}
	heard(strings.TrimSpace(string(word)))
	fmt.Fprint(c, "ok\n") // nobody waits for it any more if this fails
}

// shortHash keeps addresses short and free of signs that a path can't hold.
func shortHash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:8])
}
