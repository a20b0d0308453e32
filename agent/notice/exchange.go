package notice

import (
	"context"

	"abgleich/agent/ews"
	"abgleich/agent/fault"
)

// Exchange sends mails through the Exchange server: the one place where the agent
// asks it to mail anybody.
type Exchange struct {
	// Open gives a client for one mail, which is closed afterwards. Its errors are
	// Send's.
	Open func(context.Context) (*ews.Client, error)
	// Judge hears how the server took the client's login, and may give the error
	// another code; nil leaves it.
	Judge func(context.Context, error) error
}

// Send implements [Sender]. Codes: what Open fails with, those of logins,
// [fault.ReplyLost] for a mail that may have left, and [fault.NoticeUnsent] for
// everything else.
func (e Exchange) Send(ctx context.Context, m Mail) error {
	const op = "notice.Send"
	c, err := e.Open(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	err = c.SendMessage(ctx, ews.NewMessage{To: []string{m.To}, Subject: m.Subject, Body: m.Body})
	if e.Judge != nil {
		err = e.Judge(ctx, err)
	}
	if err == nil || fault.Has(err, fault.ReplyLost, fault.LoginRejected, fault.AccountLocked, fault.PasswordExpired, fault.ServiceAccountRejected) {
		return err
	}
	return fault.New(fault.NoticeUnsent, op, m.To, err)
}
