package notice

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/params"
	"abgleich/agent/pim"
)

// post is a mail server that keeps what it is given, and may be down.
type post struct {
	mu    sync.Mutex
	err   error
	tries []time.Time
	mails []Mail
}

func (p *post) Send(_ context.Context, m Mail) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tries = append(p.tries, time.Now())
	if p.err == nil {
		p.mails = append(p.mails, m)
	}
	return p.err
}

func (p *post) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
}

// got is what came so far, in words a test can compare: code or "over" and code.
func (p *post) got() (words []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.mails {
		word := ""
		if strings.Contains(m.Subject, "Recovered") {
			word = "over "
		}
		if strings.Contains(m.Subject, "daily summary") {
			words = append(words, "summary")
			continue
		}
		_, code, _ := strings.Cut(m.Body, "Code: ")
		code, _, _ = strings.Cut(code, "\n")
		words = append(words, word+code)
	}
	return words
}

func (p *post) tried() []time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.tries)
}

// office is a desk under test: its state outlives restarts.
type office struct {
	t    *testing.T
	file string
	post *post
	log  bytes.Buffer
	desk *Desk
	quit func()

	mu sync.Mutex
	to string
	// clock and wrong are for the summary.
	clock string
	wrong []Wrong
}

// within runs a test in fake time with a desk at work.
func within(t *testing.T, f func(*office)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		o := &office{t: t, file: filepath.Join(dir, "notices.json"), post: &post{}, to: "admin@lab.test"}
		o.start()
		f(o)
		o.stop()
	})
}

func (o *office) start() {
	o.desk = Open(Options{File: o.file, Sender: o.post, Now: time.Now,
		Log: slog.New(slog.NewTextHandler(&o.log, nil)),
		Wrong: func() []Wrong {
			o.mu.Lock()
			defer o.mu.Unlock()
			return slices.Clone(o.wrong)
		},
		Settings: func() Settings {
			o.mu.Lock()
			defer o.mu.Unlock()
			return Settings{Mail: params.Notice{Recipient: o.to, Summary: o.clock, SMTPServer: "mail"}, Language: "en", Machine: "srv"}
		}})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = o.desk.Run(ctx)
	}()
	o.quit = func() { cancel(); <-ended }
}

func (o *office) stop() { o.quit() }

func (o *office) recipient(to string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.to = to
}

func (o *office) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (o *office) fails(user pim.UserID, code fault.Code) {
	o.desk.Failing(tasksOf(user), string(user), code, time.Now())
}

func (o *office) want(when string, words ...string) {
	o.t.Helper()
	synctest.Wait()
	if got := o.post.got(); !slices.Equal(got, words) {
		o.t.Errorf("%s: mails %q, want %q", when, got, words)
	}
}

func tasksOf(user pim.UserID) Source { return Source{User: user, Part: "task"} }

func TestOneMailATroubleUntilItIsOverThenOneThatItIs(t *testing.T) {
	within(t, func(o *office) {
		for range 50 {
			o.fails("ANNA", fault.LoginRejected)
			o.pass(10 * time.Minute)
		}
		o.want("failing for hours", "login-rejected")
		o.desk.Failing(Source{User: "ANNA", Part: "appointment"}, "ANNA", fault.LoginRejected, time.Now())
		o.pass(time.Hour)
		o.want("failing with both kinds", "login-rejected")
		o.desk.Over(tasksOf("ANNA"))
		o.want("one kind well again", "login-rejected")
		o.desk.Over(Source{User: "ANNA", Part: "appointment"})
		o.desk.Over(Source{User: "ANNA", Part: "appointment"})
		o.pass(48 * time.Hour)
		o.want("both well again", "login-rejected", "over login-rejected")
	})
}

func TestAnotherUsersTroubleIsAMailOfItsOwnButTheServersIsOneForAll(t *testing.T) {
	within(t, func(o *office) {
		o.fails("ANNA", fault.LoginRejected)
		o.fails("BEN", fault.LoginRejected)
		o.want("two users", "login-rejected", "login-rejected")
		for i := range 30 {
			o.fails(pim.UserID(fmt.Sprintf("U%02d", i)), fault.ServiceAccountRejected)
		}
		o.want("thirty users", "login-rejected", "login-rejected", "service-account-rejected")
	})
	for _, code := range []fault.Code{fault.KerberosUnreachable, fault.KerberosServiceUnknown, fault.ServerUnproven} {
		within(t, func(o *office) {
			for i := range 30 {
				o.fails(pim.UserID(fmt.Sprintf("U%02d", i)), code)
			}
			o.pass(25 * time.Hour)
			o.want("thirty users for a day", string(code))
		})
	}
}

func TestATroubleThatComesAndGoesIsWrittenOfOnceAnHour(t *testing.T) {
	within(t, func(o *office) {
		began := 0
		for range 30 { // five hours
			o.fails("ANNA", fault.LoginRejected)
			o.pass(5 * time.Minute)
			o.desk.Over(tasksOf("ANNA"))
			o.pass(5 * time.Minute)
		}
		for _, w := range o.post.got() {
			if w == "login-rejected" {
				began++
			}
		}
		if began < 4 || began > 6 {
			t.Errorf("%d mails in five hours, want about one an hour", began)
		}
		if n := len(o.post.got()); n != 2*began {
			t.Errorf("%d mails for %d beginnings, each with its end", n, began)
		}
	})
}

func TestWhatMayPassByItselfIsWorthAMailAfterADay(t *testing.T) {
	within(t, func(o *office) {
		o.fails("ANNA", fault.ServerUnreachable)
		o.pass(23 * time.Hour)
		o.want("before a day")
		o.desk.Over(tasksOf("ANNA"))
		o.pass(3 * time.Hour)
		o.want("over before a day")
		o.fails("ANNA", fault.ServerUnreachable)
		o.pass(12 * time.Hour)
		o.fails("ANNA", fault.ServerStalled) // it fails on, with another reason
		o.pass(11*time.Hour + 58*time.Minute)
		o.want("just before a day of failing")
		o.pass(3 * time.Minute)
		o.want("after a day of failing", "server-stalled")
		o.desk.Over(tasksOf("ANNA"))
		o.want("over", "server-stalled", "over server-stalled")
	})
}

func TestASuccessFromBeforeTheFailureEndsNothing(t *testing.T) {
	within(t, func(o *office) {
		before := time.Now()
		o.pass(time.Second)
		o.fails("ANNA", fault.LoginRejected)
		o.desk.Well(tasksOf("ANNA"), before)
		o.want("an old success", "login-rejected")
		o.pass(time.Second)
		o.desk.Well(tasksOf("ANNA"), time.Now())
		o.want("a new success", "login-rejected", "over login-rejected")
	})
}

func TestMailsWaitForAServerThatIsDownAndLeaveInOrder(t *testing.T) {
	within(t, func(o *office) {
		o.post.fail(fault.New(fault.NoticeUnsent, "notice.Send", "mail", errors.New("connection refused")))
		o.fails("ANNA", fault.LoginRejected)
		o.pass(time.Second)
		o.fails("BEN", fault.MailboxClaimed)
		o.pass(time.Second)
		o.desk.Failing(Source{Part: "parameters"}, "", fault.ParametersIncomplete, time.Now())
		o.pass(10 * time.Hour)
		tries := o.post.tried()
		if n := len(tries); n < 8 || n > 20 {
			t.Errorf("%d tries in ten hours", n)
		}
		for i := 1; i < len(tries); i++ {
			if gap := tries[i].Sub(tries[i-1]); gap < firstPause || gap > longestPause+look {
				t.Errorf("try %d came %s after the one before", i, gap)
			}
		}
		o.stop()
		o.start() // and the queue is still there
		o.post.fail(nil)
		o.pass(longestPause + look)
		o.want("the server is back", "login-rejected", "mailbox-claimed", "parameters-incomplete")
	})
}

func TestARefusedLoginAtTheMailServerIsTriedOnceAnHour(t *testing.T) {
	within(t, func(o *office) {
		o.post.fail(fault.New(fault.LoginRejected, "notice.Send", "mail", nil))
		o.fails("ANNA", fault.LoginRejected)
		o.fails("BEN", fault.LoginRejected)
		o.pass(5*time.Hour + 30*time.Minute)
		if n := len(o.post.tried()); n < 5 || n > 6 {
			t.Errorf("%d tries in five and a half hours", n)
		}
	})
}

func TestWhatIsOverBeforeItsMailLeftIsNotWrittenOf(t *testing.T) {
	within(t, func(o *office) {
		o.post.fail(fault.New(fault.NoticeUnsent, "notice.Send", "mail", nil))
		o.fails("ANNA", fault.LoginRejected)
		o.pass(time.Minute)
		o.desk.Over(tasksOf("ANNA"))
		o.post.fail(nil)
		o.pass(3 * time.Hour)
		o.want("over while the server was down")
	})
}

func TestNoMoreThanSoManyMailsWait(t *testing.T) {
	within(t, func(o *office) {
		o.post.fail(fault.New(fault.NoticeUnsent, "notice.Send", "mail", nil))
		for i := range MaxWaiting + 30 {
			o.fails(pim.UserID(fmt.Sprintf("U%03d", i)), fault.LoginRejected)
		}
		o.pass(2 * time.Hour)
		o.post.fail(nil)
		o.pass(2 * time.Hour)
		if n := len(o.post.got()); n != MaxWaiting {
			t.Errorf("%d mails, want %d", n, MaxWaiting)
		}
		if !strings.Contains(o.log.String(), "dropped") {
			t.Error("nobody is told of the dropped ones")
		}
	})
}

func TestWithoutARecipientNothingIsSentAndALaterOneIsTold(t *testing.T) {
	within(t, func(o *office) {
		o.recipient("")
		o.fails("ANNA", fault.LoginRejected)
		o.pass(3 * time.Hour)
		o.want("without a recipient")
		if n := len(o.post.tried()); n != 0 {
			t.Errorf("%d tries", n)
		}
		o.recipient("boss@lab.test")
		o.pass(2 * look)
		o.want("with one", "login-rejected")
	})
}

func TestWhoIsNoLongerSyncedIsNotWrittenOf(t *testing.T) {
	within(t, func(o *office) {
		o.fails("ANNA", fault.LoginRejected)
		o.want("failing", "login-rejected")
		o.desk.Gone(tasksOf("ANNA"))
		o.pass(time.Hour)
		o.want("gone", "login-rejected")
	})
}

func TestARestartNeitherRepeatsAMailNorForgetsItsEnd(t *testing.T) {
	within(t, func(o *office) {
		o.fails("ANNA", fault.LoginRejected)
		o.want("before", "login-rejected")
		for range 5 {
			o.stop()
			o.start()
			o.fails("ANNA", fault.LoginRejected)
			o.pass(2 * time.Hour)
		}
		o.want("after restarts", "login-rejected")
		o.stop()
		o.start()
		o.desk.Over(tasksOf("ANNA"))
		o.want("its end", "login-rejected", "over login-rejected")
	})
}

func TestADamagedFileIsToldOfAndBegunAnew(t *testing.T) {
	for name, content := range map[string]string{
		"empty":           "",
		"cut off":         `{"version":1,"troubles":[{"code":"login-re`,
		"no JSON":         "\x00\xff\x00 this is nothing",
		"another shape":   `{"version":1,"troubles":"none","waiting":7}`,
		"another version": `{"version":99,"troubles":[],"waiting":[]}`,
		"an array":        `[]`,
		"broken times":    `{"version":1,"troubles":[{"code":"login-rejected","mailed":"yesterday"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(o *office) {
				o.stop()
				if err := os.WriteFile(o.file, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
				o.log.Reset()
				o.start()
				if !strings.Contains(o.log.String(), "level=WARN") || !strings.Contains(o.log.String(), o.file) {
					t.Errorf("the log says: %s", o.log.String())
				}
				o.fails("ANNA", fault.LoginRejected)
				o.want("begun anew", "login-rejected")
				o.stop()
				o.log.Reset()
				o.start()
				o.fails("ANNA", fault.LoginRejected)
				o.pass(time.Hour)
				o.want("and kept again", "login-rejected")
				if o.log.Len() > 0 {
					t.Errorf("the log says: %s", o.log.String())
				}
			})
		})
	}
}

func TestOddButReadableFilesAreTakenAsTheyAre(t *testing.T) {
	for name, content := range map[string]string{
		"null entries":   `{"version":1,"troubles":[null,null],"waiting":null}`,
		"no holders":     `{"version":1,"troubles":[{"code":"login-rejected"}],"waiting":[]}`,
		"nothing inside": `{"version":1}`,
		"unknown fields": `{"version":1,"colour":"red","troubles":[]}`,
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(o *office) {
				o.stop()
				if err := os.WriteFile(o.file, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
				o.start()
				o.pass(2 * time.Hour)
				o.fails("ANNA", fault.LoginRejected)
				o.want("a trouble", "login-rejected")
			})
		})
	}
}

func TestAFileThatCannotBeWrittenStopsNoMail(t *testing.T) {
	within(t, func(o *office) {
		o.stop()
		o.file = filepath.Join(o.file, "no such folder", "notices.json")
		o.start()
		o.fails("ANNA", fault.LoginRejected)
		o.want("without a file", "login-rejected")
		o.desk.Over(tasksOf("ANNA"))
		o.want("without a file", "login-rejected", "over login-rejected")
		if !strings.Contains(o.log.String(), "could not be kept") {
			t.Error("nobody is told")
		}
	})
}
