package agent

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"abgleich/agent/credentials"
	"abgleich/agent/fault"
	"abgleich/agent/notice"
	"abgleich/agent/params"
	"abgleich/agent/vault"
)

// lastWordWithin bounds what an agent that can't go on still tries.
const lastWordWithin = 15 * time.Second

// lastLog takes what there is to say when the log is closed already.
func lastLog() *slog.Logger { return slog.New(slog.NewTextHandler(os.Stderr, nil)) }

// lastWord writes to the message recipient that the agent could not start, or ended
// with an error. Nothing of it runs any more. What can't be sent waits for the next
// life; a service manager that tries again and again makes no second mail.
func lastWord(ctx context.Context, p params.Params, version string, log *slog.Logger, now func() time.Time, code fault.Code, err error) {
	cause := fault.CodeOf(err)
	if cause == fault.AlreadyRunning || cause == fault.Cancelled || p.Notice.Recipient == "" {
		return // the other one writes; nobody wants to read
	}
	if _, err := os.Stat(p.Data.Folder); err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWordWithin)
	defer cancel()
	way := offlineWay(p, version, now)
	desk := notice.Open(notice.Options{
		File: filepath.Join(p.Data.Folder, "notices.json"), Log: log, Now: now, Sender: way,
		Settings: func() notice.Settings { return noticeSettings(way.settings) },
	})
	desk.Broke(code, cause)
	desk.LastWord(ctx)
}

// offlineWay is the way notices leave while no agent runs. Without a vault it is
// one that knows no passwords.
func offlineWay(p params.Params, version string, now func() time.Time) *noticeWay {
	v, err := vault.Open(vault.Options{Folder: p.Data.Folder, CredentialsFolder: os.Getenv("CREDENTIALS_DIRECTORY")})
	s := offline(p, v)
	if err != nil {
		s.vault = nil
	}
	guard := func(vault.Secret) {}
	r := rooms{settings: s, opener: newOpener(p, credentials.New(credentials.Options{InMemory: true, Guard: guard, Now: now}), s, guard, now)}
	return newNoticeWay(r, guard, version, now)
}

// SendTestNotice sends a mail to the message recipient at once, the way notices
// leave; no agent needs to run. Codes: [fault.ParametersIncomplete] where recipient,
// server or account are missing, and those of [notice.SMTP] and [notice.Exchange].
func SendTestNotice(ctx context.Context, p params.Params, version string, now func() time.Time) error {
	if p.Notice.Recipient == "" {
		return fault.New(fault.ParametersIncomplete, "agent.SendTestNotice", "notice.recipient", nil)
	}
	way := offlineWay(p, version, now)
	way.asked = true
	return way.Send(ctx, notice.TestMail(noticeSettings(way.settings), now()))
}
