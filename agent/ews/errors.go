package ews

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"abgleich/agent/fault"
)

// Error says everything a failed request left behind. It always stands inside a
// fault.Error with the same code.
type Error struct {
	// Code is the stable code.
	Code fault.Code
	// Op is the EWS operation, "CreateItem".
	Op string
	// Status is the HTTP status; 0 without a reply.
	Status int
	// ResponseCode is the server's own code, "ErrorItemNotFound"; may be empty.
	ResponseCode string
	// Message is the server's own text, for logs.
	Message string
	// Values are the MessageXml values by name.
	Values map[string]string
	// BackOff is how long the server asked not to be bothered; 0 if it did not say.
	BackOff time.Duration
	// OutcomeUnknown tells that a write may have been done: look before repeating.
	OutcomeUnknown bool
	// ClientRequestID, RequestID, FrontEnd and Diagnostics find the request in the
	// server's logs (client-request-id, request-id, X-FEServer, x-ms-diagnostics).
	ClientRequestID string
	RequestID       string
	FrontEnd        string
	Diagnostics     string
	// CertificateNames are the names the server's certificate is good for, set
	// with fault.TLSCertificateName.
	CertificateNames []string
	// Err is the cause, nil when the server said no.
	Err error
}

// Error is for logs: it holds no item content and no secret.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	add := func(label, v string) {
		if v != "" {
			fmt.Fprintf(&b, " %s%s", label, v)
		}
	}
	if e.Status != 0 {
		fmt.Fprintf(&b, " HTTP %d", e.Status)
	}
	add("", e.ResponseCode)
	add("", withoutValues(e.Message))
	for _, k := range slices.Sorted(maps.Keys(e.Values)) {
		add(k+"=", withoutValues(e.Values[k]))
	}
	add("client-request-id=", e.ClientRequestID)
	add("request-id=", e.RequestID)
	add("server=", e.FrontEnd)
	add("diagnostics=", e.Diagnostics)
	if len(e.CertificateNames) > 0 {
		add("certificate names: ", strings.Join(e.CertificateNames, ", "))
	}
	if e.OutcomeUnknown {
		b.WriteString(" (outcome unknown)")
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Detail finds the *Error in a chain; nil if there is none.
func Detail(err error) *Error {
	e, _ := errors.AsType[*Error](err)
	return e
}

// OutcomeUnknown tells that a failed write may have been carried out: the
// request left, and no complete answer came back.
func OutcomeUnknown(err error) bool {
	e := Detail(err)
	return e != nil && e.OutcomeUnknown
}

// TooLarge tells that a request was more than the server takes, or its reply more than
// is read: with fewer items it may succeed. The request was not carried out, except
// where only its reply was too large.
func TooLarge(err error) bool {
	e := Detail(err)
	return e != nil && (e.Status == http.StatusRequestEntityTooLarge || errors.Is(e.Err, errTooLarge))
}

// BackOff gives how long the server asked to be left alone.
func BackOff(err error) time.Duration {
	if e := Detail(err); e != nil {
		return e.BackOff
	}
	return 0
}

// wrap puts an *Error into the type that crosses rooms. The subject is the server.
func (e *Error) wrap(subject string) error {
	return fault.New(e.Code, "ews."+e.Op, subject, e)
}

// codeOf classifies a ResponseCode of the schema (messages.xsd ResponseCodeType).
func codeOf(responseCode string) fault.Code {
	switch responseCode {
	case "ErrorServerBusy", "ErrorInsufficientResources", "ErrorMailboxStoreUnavailable",
		"ErrorMailboxMoveInProgress", "ErrorTimeoutExpired", "ErrorConnectionFailed",
		"ErrorInternalServerTransientError", "ErrorBatchProcessingStopped", "ErrorMailboxFailover",
		"ErrorNotEnoughMemory", "ErrorTooManyObjectsOpened":
		return fault.ServerBusy
	case "ErrorExceededConnectionCount", "ErrorExceededSubscriptionCount", "ErrorExceededFindCountLimit":
		return fault.TooManyConnections
	case "ErrorItemNotFound", "ErrorInvalidId", "ErrorInvalidIdEmpty", "ErrorInvalidIdMalformed",
		"ErrorInvalidIdStoreObjectIdTooLong", "ErrorInvalidIdMalformedEwsLegacyIdFormat",
		"ErrorInvalidIdXml", "ErrorInvalidIdNotAnItemAttachmentId", "ErrorInvalidIdTooManyAttachmentLevels":
		return fault.ItemGone
	case "ErrorIrresolvableConflict", "ErrorStaleObject", "ErrorChangeKeyRequiredForWriteOperations",
		"ErrorChangeKeyRequired", "ErrorInvalidChangeKey":
		return fault.ItemChanged
	case "ErrorInvalidSyncStateData":
		return fault.CursorLost
	case "ErrorImpersonateUserDenied", "ErrorImpersonationDenied", "ErrorImpersonationFailed":
		return fault.ImpersonationDenied
	case "ErrorAccessDenied", "ErrorAccessModeSpecified", "ErrorDelegateNoUser", "ErrorCreateItemAccessDenied",
		"ErrorCannotDeleteObject", "ErrorInsufficientPermissions":
		return fault.AccessDenied
	case "ErrorFolderNotFound", "ErrorParentFolderNotFound", "ErrorNoFolderFound", "ErrorFolderCorrupt",
		"ErrorSyncFolderNotFound", "ErrorToFolderNotFound", "ErrorSavedItemFolderNotFound", "ErrorInvalidFolderId", "ErrorNoCalendar":
		return fault.FolderUnavailable
	case "ErrorAccountDisabled", "ErrorNonExistentMailbox", "ErrorMissingEmailAddress",
		"ErrorNonPrimarySmtpAddress", "ErrorUserNotFound":
		return fault.MailboxDisabled
	case "ErrorPasswordExpired", "ErrorPasswordChangeRequired":
		return fault.PasswordExpired
	case "ErrorInvalidServerVersion", "ErrorInvalidSchemaVersionForMailboxVersion",
		"ErrorIncorrectSchemaVersion", "ErrorUnsupportedMethod", "ErrorInvalidExchangeImpersonationHeaderData":
		return fault.VersionUnsupported
	case "ErrorInternalServerError", "ErrorADUnavailable", "ErrorUnexpectedFault",
		// The servers behind the one that answers, and the directory: a mailbox on its
		// way to another server or site is among them. None says anything of an item.
		"ErrorADOperation", "ErrorADSessionFilter", "ErrorMailboxLogonFailed", "ErrorMailboxConfiguration",
		"ErrorNoRespondingCASInDestinationSite", "ErrorNoApplicableProxyCASServersAvailable",
		"ErrorNoDestinationCASDueToKerberosRequirements", "ErrorNoDestinationCASDueToSSLRequirements",
		"ErrorNoDestinationCASDueToVersionMismatch", "ErrorCrossSiteRequest", "ErrorIncorrectServer", "ErrorServiceDiscoveryFailed",
		"ErrorProxyCallFailed", "ErrorProxyRequestNotAllowed", "ErrorProxyRequestProcessingFailed",
		"ErrorProxyServiceDiscoveryFailed", "ErrorProxyTokenExpired", "ErrorProxyGroupSidLimitExceeded",
		"ErrorProxiedSubscriptionCallFailure", "ErrorLocalServerObjectNotFound", "ErrorWrongServerVersion",
		"ErrorLogonAsNetworkServiceFailed", "ErrorTokenSerializationDenied", "ErrorInvalidClientSecurityContext",
		"ErrorInvalidSerializedAccessToken", "ErrorWebRequestInInvalidState", "ErrorWin32InteropError",
		"ErrorRequestAborted", "ErrorClientDisconnected", "ErrorDataSourceOperation":
		return fault.ServerFailed
	case "ErrorCorruptData", "ErrorItemCorrupt", "ErrorMimeContentInvalid", "ErrorContentConversionFailed":
		return fault.ItemUnreadable
	case "ErrorSchemaValidation", "ErrorInvalidRequest":
		return fault.BadRequest
	}
	return fault.ItemRefused
}

// contextError turns an ended context into a coded error: time-outs of ours
// keep their code, everything else is cancelled.
func contextCode(ctx context.Context) fault.Code {
	if errors.Is(context.Cause(ctx), errStalled) {
		return fault.ServerStalled
	}
	return fault.Cancelled
}

var errStalled = errors.New("the server stopped answering")
