package notice

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"abgleich/agent/fault"
	"abgleich/agent/pim"
)

// Fake time begins at midnight, 2000-01-01.

func (o *office) summaryAt(clock string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.clock = clock
}

func (o *office) waits(w ...Wrong) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.wrong = w
}

func TestASummaryComesOnceADayAndOnlyWhenSomethingIsWrong(t *testing.T) {
	within(t, func(o *office) {
		o.summaryAt(time.Now().Add(7 * time.Hour).Format("15:04"))
		o.pass(48 * time.Hour)
		o.want("two quiet days")
		o.fails("ANNA", fault.LoginRejected)
		o.pass(72 * time.Hour)
		o.want("three bad days", "login-rejected", "summary", "summary", "summary")
		o.desk.Over(tasksOf("ANNA"))
		o.pass(72 * time.Hour)
		o.want("well again", "login-rejected", "summary", "summary", "summary", "over login-rejected")
	})
}

func TestASummaryNamesWhatIsWrong(t *testing.T) {
	within(t, func(o *office) {
		o.summaryAt(time.Now().Add(7 * time.Hour).Format("15:04"))
		o.fails("ANNA", fault.ServerUnreachable)
		o.waits(Wrong{User: "BEN", Name: "Ben Muster", Problems: 1, Holds: 2}, Wrong{User: "CARL", Name: "Carl"})
		o.pass(8 * time.Hour)
		o.want("the morning", "summary")
		body := o.post.mails[0].Body
		for _, want := range []string{"ANNA: ", "(server-unreachable)", "Ben Muster: 1 open problem, 2 decisions waiting.", "on srv"} {
			if !strings.Contains(body, want) {
				t.Errorf("no %q in\n%s", want, body)
			}
		}
		if strings.Contains(body, "Carl") {
			t.Errorf("it names who has nothing:\n%s", body)
		}
	})
}

func TestAManyUsersSummaryStaysShort(t *testing.T) {
	within(t, func(o *office) {
		o.summaryAt(time.Now().Add(7 * time.Hour).Format("15:04"))
		var all []Wrong
		for i := range 500 {
			all = append(all, Wrong{User: pim.UserID(fmt.Sprintf("U%03d", i)), Problems: 1})
		}
		o.waits(all...)
		o.pass(8 * time.Hour)
		o.want("the morning", "summary")
		if body := o.post.mails[0].Body; strings.Count(body, "\n") > namesShown+10 || !strings.Contains(body, "480 more") {
			t.Errorf("the summary:\n%s", body)
		}
	})
}

func TestAMissedSummaryComesOnceWhenTheServiceIsBack(t *testing.T) {
	within(t, func(o *office) {
		o.summaryAt(time.Now().Add(7 * time.Hour).Format("15:04"))
		o.waits(Wrong{User: "BEN", Problems: 3})
		o.pass(time.Hour)
		o.stop()
		o.pass(80 * time.Hour)
		o.start()
		o.pass(time.Hour)
		o.want("back after three days", "summary")
		o.stop()
		o.start()
		o.pass(time.Hour)
		o.want("after another restart", "summary")
	})
}

func TestASummaryThatWaitedIsNotSentWhenAllIsWellByThen(t *testing.T) {
	within(t, func(o *office) {
		o.summaryAt(time.Now().Add(7 * time.Hour).Format("15:04"))
		o.waits(Wrong{User: "BEN", Problems: 3})
		o.post.fail(fault.New(fault.NoticeUnsent, "notice.Send", "mail", nil))
		o.pass(8 * time.Hour)
		o.waits()
		o.post.fail(nil)
		o.pass(3 * time.Hour)
		o.want("the server is back")
		o.fails("ANNA", fault.LoginRejected)
		o.want("and others follow", "login-rejected")
	})
}

func TestAServiceThatWasKilledIsToldOfOnceUntilItRunsWell(t *testing.T) {
	within(t, func(o *office) {
		synctest.Wait()
		running, err := read(o.file)
		if err != nil || running.Running.IsZero() {
			t.Fatalf("the mark of life: %+v, %v", running, err)
		}
		killed := func() {
			synctest.Wait()
			o.stop()
			s, err := read(o.file)
			if err != nil || !s.Running.IsZero() {
				t.Fatalf("stopped as it should: %+v, %v", s.Running, err)
			}
			s.Running = time.Now()
			if err := s.write(o.file); err != nil {
				t.Fatal(err)
			}
			o.start()
		}
		for range 6 {
			killed()
			o.pass(20 * time.Minute)
		}
		o.want("killed again and again", "service-ended")
		o.pass(2 * time.Hour)
		o.want("it runs", "service-ended", "over service-ended")
		o.stop()
		o.start()
		o.pass(2 * time.Hour)
		o.want("a stop that was wanted", "service-ended", "over service-ended")
	})
}

func TestAStartThatFailsAgainAndAgainIsOneMailWithItsCause(t *testing.T) {
	within(t, func(o *office) {
		o.stop()
		for range 30 {
			d := Open(o.desk.o)
			d.Broke(fault.ServiceNotStarted, fault.KeyMissing)
			d.LastWord(context.Background())
			o.pass(10 * time.Second)
		}
		o.want("thirty starts", "service-not-started")
		if body := o.post.mails[0].Body; !strings.Contains(body, "(key-missing)") {
			t.Errorf("no cause:\n%s", body)
		}
		o.start()
		o.pass(startedAfter + 2*look)
		o.want("started", "service-not-started", "over service-not-started")
	})
}

func TestALastWordThatCannotBeSentWaitsForTheNextLife(t *testing.T) {
	within(t, func(o *office) {
		o.stop()
		o.post.fail(fault.New(fault.NoticeUnsent, "notice.Send", "mail", errors.New("down")))
		d := Open(o.desk.o)
		d.Broke(fault.ServiceEnded, fault.StoreCorrupt)
		d.LastWord(context.Background())
		o.post.fail(nil)
		o.start()
		o.want("the next life", "service-ended")
	})
}

func TestAMailWhoseReplyIsLostIsSentTwiceAtMost(t *testing.T) {
	within(t, func(o *office) {
		o.post.fail(fault.New(fault.ReplyLost, "notice.Send", "mail", nil))
		o.fails("ANNA", fault.LoginRejected)
		o.pass(10 * time.Hour)
		if n := len(o.post.tried()); n != 2 {
			t.Errorf("%d tries", n)
		}
		o.post.fail(nil)
		o.fails("BEN", fault.LoginRejected)
		o.pass(2 * time.Hour)
		o.want("another one", "login-rejected")
	})
}
