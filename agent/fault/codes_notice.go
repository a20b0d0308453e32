package fault

// NoticeUnsent is a mail to the message recipient that its mail server did not
// take. It waits and is tried again.
const NoticeUnsent Code = "notice-unsent"
