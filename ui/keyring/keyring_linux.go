package keyring

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/godbus/dbus/v5"
)

// Names of the Secret Service, see specifications.freedesktop.org/secret-service.
const (
	busName   = "org.freedesktop.secrets"
	root      = dbus.ObjectPath("/org/freedesktop/secrets")
	defaultAt = dbus.ObjectPath("/org/freedesktop/secrets/aliases/default")
	serviceIf = "org.freedesktop.Secret.Service."
	itemIf    = "org.freedesktop.Secret.Item."
	collIf    = "org.freedesktop.Secret.Collection."
	promptIf  = "org.freedesktop.Secret.Prompt"
	noObject  = dbus.ObjectPath("/")
)

// secret is the wire form (oayays): session, parameters, value, content type.
type secret struct {
	Session     dbus.ObjectPath
	Parameters  []byte
	Value       []byte
	ContentType string
}

// secretService talks to the Secret Service over a session-bus connection of
// its own. Secrets cross the bus in plain form: it is a socket of this user.
type secretService struct {
	bus     *dbus.Conn
	session dbus.ObjectPath
}

// Open connects to the Secret Service of this session.
func Open(ctx context.Context) (Store, error) {
	if os.Getenv("DBUS_SESSION_BUS_ADDRESS") == "" && os.Getenv("XDG_RUNTIME_DIR") == "" {
		return nil, fmt.Errorf("open: %w: no session bus", ErrUnavailable)
	}
	// ctx bounds opening only; the connection lives until Close.
	bus, err := dbus.ConnectSessionBus()
	if err != nil {
		return nil, fmt.Errorf("open: %w: %w", ErrUnavailable, err)
	}
	s := &secretService{bus: bus}
	var out dbus.Variant
	err = s.at(root).CallWithContext(ctx, serviceIf+"OpenSession", 0, "plain", dbus.MakeVariant("")).Store(&out, &s.session)
	if err != nil {
		bus.Close()
		return nil, reason(ctx, "open", err)
	}
	return s, nil
}

func (s *secretService) at(p dbus.ObjectPath) dbus.BusObject { return s.bus.Object(busName, p) }

// Close ends the session and the connection.
func (s *secretService) Close() error { return s.bus.Close() }

func attributes(agent string) map[string]string {
	return map[string]string{"application": "abgleich", "target": target(agent)}
}

func (s *secretService) Save(ctx context.Context, agent string, l Login) error {
	b, err := pack(l)
	if err != nil {
		return err
	}
	coll, err := s.collection(ctx)
	if err != nil {
		return err
	}
	if err := s.unlock(ctx, "save", coll); err != nil {
		return err
	}
	props := map[string]dbus.Variant{
		itemIf + "Label":      dbus.MakeVariant(target(agent)),
		itemIf + "Attributes": dbus.MakeVariant(attributes(agent)),
	}
	value := secret{Session: s.session, Parameters: []byte{}, Value: b, ContentType: "application/json"}
	var item, prompt dbus.ObjectPath
	err = s.at(coll).CallWithContext(ctx, collIf+"CreateItem", 0, props, value, true).Store(&item, &prompt)
	if err != nil {
		return reason(ctx, "save", err)
	}
	_, err = s.prompt(ctx, "save", prompt)
	return err
}

// collection is the default collection; one is made where there is none.
func (s *secretService) collection(ctx context.Context) (dbus.ObjectPath, error) {
	var path dbus.ObjectPath
	err := s.at(root).CallWithContext(ctx, serviceIf+"ReadAlias", 0, "default").Store(&path)
	if err != nil {
		return "", reason(ctx, "find collection", err)
	}
	if path != noObject {
		return defaultAt, nil
	}
	var prompt dbus.ObjectPath
	props := map[string]dbus.Variant{collIf + "Label": dbus.MakeVariant("Default keyring")}
	err = s.at(root).CallWithContext(ctx, serviceIf+"CreateCollection", 0, props, "default").Store(&path, &prompt)
	if err != nil {
		return "", reason(ctx, "make collection", err)
	}
	if _, err := s.prompt(ctx, "make collection", prompt); err != nil {
		return "", err
	}
	return defaultAt, nil
}

func (s *secretService) Load(ctx context.Context, agent string) (Login, error) {
	item, _, err := s.find(ctx, "load", agent)
	if err != nil {
		return Login{}, err
	}
	if err := s.unlock(ctx, "load", item); err != nil {
		return Login{}, err
	}
	return s.read(ctx, item)
}

func (s *secretService) Peek(ctx context.Context, agent string) (Login, error) {
	item, locked, err := s.find(ctx, "load", agent)
	if err == nil && locked {
		err = fmt.Errorf("load login: %w", ErrLocked)
	}
	if err != nil {
		return Login{}, err
	}
	return s.read(ctx, item)
}

func (s *secretService) read(ctx context.Context, item dbus.ObjectPath) (Login, error) {
	var sec secret
	if err := s.at(item).CallWithContext(ctx, itemIf+"GetSecret", 0, s.session).Store(&sec); err != nil {
		return Login{}, reason(ctx, "load", err)
	}
	return unpack(sec.Value)
}

func (s *secretService) Delete(ctx context.Context, agent string) error {
	for {
		item, _, err := s.find(ctx, "delete", agent)
		if errors.Is(err, ErrNone) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.unlock(ctx, "delete", item); err != nil {
			return err
		}
		var prompt dbus.ObjectPath
		if err := s.at(item).CallWithContext(ctx, itemIf+"Delete", 0).Store(&prompt); err != nil {
			return reason(ctx, "delete", err)
		}
		if _, err := s.prompt(ctx, "delete", prompt); err != nil {
			return err
		}
	}
}

// find gives the first entry of the agent, an unlocked one before a locked one.
func (s *secretService) find(ctx context.Context, op, agent string) (item dbus.ObjectPath, locked bool, err error) {
	var open, shut []dbus.ObjectPath
	err = s.at(root).CallWithContext(ctx, serviceIf+"SearchItems", 0, attributes(agent)).Store(&open, &shut)
	if err != nil {
		return "", false, reason(ctx, op, err)
	}
	if found := append(open, shut...); len(found) > 0 {
		return found[0], len(open) == 0, nil
	}
	return "", false, fmt.Errorf("%s login: %w", op, ErrNone)
}

// unlock asks the service to unlock an object, and the person if need be.
func (s *secretService) unlock(ctx context.Context, op string, object dbus.ObjectPath) error {
	var unlocked []dbus.ObjectPath
	var prompt dbus.ObjectPath
	err := s.at(root).CallWithContext(ctx, serviceIf+"Unlock", 0, []dbus.ObjectPath{object}).Store(&unlocked, &prompt)
	if err != nil {
		return reason(ctx, op, err)
	}
	result, err := s.prompt(ctx, op, prompt)
	if err != nil || result == nil {
		return err
	}
	if paths, ok := result.Value().([]dbus.ObjectPath); ok && len(paths) == 0 {
		return fmt.Errorf("%s login: %w", op, ErrLocked)
	}
	return nil
}

// prompt shows the service's own prompt and waits for the person. A path "/"
// means that none is needed; its result is nil then.
func (s *secretService) prompt(ctx context.Context, op string, path dbus.ObjectPath) (*dbus.Variant, error) {
	if path == noObject || path == "" {
		return nil, nil
	}
	match := []dbus.MatchOption{dbus.WithMatchObjectPath(path), dbus.WithMatchInterface(promptIf)}
	if err := s.bus.AddMatchSignalContext(ctx, match...); err != nil {
		return nil, reason(ctx, op, err)
	}
	defer s.bus.RemoveMatchSignal(match...)
	signals := make(chan *dbus.Signal, 8)
	s.bus.Signal(signals)
	defer s.bus.RemoveSignal(signals)
	defer func() {
		if ctx.Err() != nil { // nobody waits for the person any more
			s.at(path).Go(promptIf+".Dismiss", dbus.FlagNoReplyExpected, nil)
		}
	}()
	if err := s.at(path).CallWithContext(ctx, promptIf+".Prompt", 0, "").Err; err != nil {
		return nil, reason(ctx, op, err)
	}
	for {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s login: %w: %w", op, ErrCancelled, ctx.Err())
		case sig, ok := <-signals:
			if !ok {
				return nil, fmt.Errorf("%s login: %w", op, ErrUnavailable)
			}
			if sig.Path != path || sig.Name != promptIf+".Completed" || len(sig.Body) < 2 {
				continue
			}
			if dismissed, _ := sig.Body[0].(bool); dismissed {
				return nil, fmt.Errorf("%s login: %w", op, ErrCancelled)
			}
			result, _ := sig.Body[1].(dbus.Variant)
			return &result, nil
		}
	}
}

// reason gives an error of the bus or the service its reason.
func reason(ctx context.Context, op string, err error) error {
	kind := ErrUnavailable
	if de, ok := errors.AsType[dbus.Error](err); ok {
		switch de.Name {
		case "org.freedesktop.Secret.Error.IsLocked":
			kind = ErrLocked
		case "org.freedesktop.Secret.Error.NoSuchObject":
			kind = ErrNone
		case "org.freedesktop.DBus.Error.AccessDenied":
			kind = ErrForbidden
		}
	}
	if ctx.Err() != nil {
		kind = ErrCancelled
	}
	return fmt.Errorf("%s login: %w: %w", op, kind, err)
}
