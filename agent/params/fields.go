package params

// Kind is the kind of value a field takes.
type Kind string

// Kinds of values.
const (
	Text   Kind = "text"
	Number Kind = "number"
	YesNo  Kind = "yes-no"
	Choice Kind = "choice"
)

// Field describes one parameter: for reading, writing, the command line and the
// administration page.
type Field struct {
	// Key is "table.name"; `databases.*.dsn` stands for every alias.
	Key string
	// Kind says what values it takes.
	Kind Kind
	// Unit of a number: "s", "MB", "d", "%" or "".
	Unit string
	// Choices are the values of a Choice.
	Choices []string
	// Min and Max bound a Number.
	Min, Max int
	// DE and EN explain it in a sentence.
	DE, EN string

	// at finds the value: a *string, *int, *bool, *time.Duration (whole
	// seconds) or a pointer to a string type.
	at func(d *draft) any
	// form checks a text beyond its kind; nil takes everything. "" is good,
	// else it says what would be right.
	form func(string) string
	// needed means that the value can't be empty.
	needed bool
}

// draft is Params while they are read; alias is the database in question.
type draft struct {
	Params
	alias *DatabaseAlias
}

// fields is the table, in the file's order. A key without a dot comes first.
func fields() []Field {
	return withOptions([]Field{
		{Key: "language", Kind: Choice, Choices: []string{"de", "en"},
			DE: "Sprache von Meldungen, Protokoll und Befehlszeile.",
			EN: "Language of notices, log and command line.",
			at: func(d *draft) any { return &d.Language }},

		{Key: "communication.system", Kind: Choice, Choices: []string{"ews", "graph"},
			DE: "Kommunikationssystem: ews (4 – EWS Managed API) oder graph (5 – Microsoft Graph, noch nicht unterstützt).",
			EN: "Communication system: ews (4 – EWS Managed API) or graph (5 – Microsoft Graph, not supported yet).",
			at: func(d *draft) any { return &d.Communication.System }},
		{Key: "communication.sync_enabled", Kind: YesNo,
			DE: "Synchronisation aktivieren: Hauptschalter für alle Benutzer.",
			EN: "Sync enabled: the master switch for all users.",
			at: func(d *draft) any { return &d.Communication.SyncEnabled }},
		{Key: "communication.server", Kind: Text, form: hostForm,
			DE: "Kommunikationsserver: Name oder IP-Adresse; mit SSL der Name, der im Zertifikat steht.",
			EN: "Communication server: name or IP address; with SSL the name in its certificate.",
			at: func(d *draft) any { return &d.Communication.Server }},
		{Key: "communication.port", Kind: Number, Min: 1, Max: 65535,
			DE: "Kommunikationsport, in der Regel 443 mit und 80 ohne SSL.",
			EN: "Communication port, as a rule 443 with and 80 without SSL.",
			at: func(d *draft) any { return &d.Communication.Port }},
		{Key: "communication.ssl", Kind: YesNo,
			DE: "SSL-Verschlüsselung.",
			EN: "SSL encryption.",
			at: func(d *draft) any { return &d.Communication.SSL }},
		{Key: "communication.address", Kind: Text, form: urlForm,
			DE: "Vollständige EWS-Adresse, falls die übliche nicht passt; gilt dann statt Server, Port und SSL.",
			EN: "Full EWS address where the usual one doesn't fit; it then replaces server, port and ssl.",
			at: func(d *draft) any { return &d.Communication.Address }},
		{Key: "communication.domain", Kind: Text, form: domainForm,
			DE: "Domäne für Anmeldungen ohne Domänenangabe.",
			EN: "Domain for logins that name none.",
			at: func(d *draft) any { return &d.Communication.Domain }},
		{Key: "communication.certificate_file", Kind: Text,
			DE: "Datei mit weiteren vertrauenswürdigen Zertifikaten (PEM), zum Beispiel der eigenen Zertifizierungsstelle.",
			EN: "File of further trusted certificates (PEM), such as your own certificate authority's.",
			at: func(d *draft) any { return &d.Communication.CertificateFile }},
		{Key: "communication.login", Kind: Choice, Choices: []string{"auto", "ntlm", "kerberos", "basic"},
			DE: "Anmeldeverfahren: auto (Kerberos, wo ein Realm bekannt ist, sonst NTLM, sonst Basic mit SSL) oder nur das genannte.",
			EN: "How to log in: auto (Kerberos where a realm is known, else NTLM, else Basic with SSL), or only the one named.",
			at: func(d *draft) any { return &d.Communication.Login }},
		{Key: "communication.realm", Kind: Text, form: realmForm,
			DE: "Kerberos-Realm der Domäne, zum Beispiel FIRMA.EXAMPLE; bei mehreren DOMÄNE=REALM, mit Beistrichen getrennt.",
			EN: "The domain's Kerberos realm, such as FIRMA.EXAMPLE; for several DOMAIN=REALM, separated by commas.",
			at: func(d *draft) any { return &d.Communication.Realm }},
		{Key: "communication.keytab", Kind: Text,
			DE: "Keytab-Datei mit den Schlüsseln des Dienstkontos, statt eines Passworts (nicht unter Windows).",
			EN: "Keytab file with the service account's keys, in place of a password (not on Windows).",
			at: func(d *draft) any { return &d.Communication.Keytab }},
		{Key: "communication.access", Kind: Choice, Choices: []string{"user", "impersonation", "delegate"},
			DE: "Zugriff auf die Postfächer: user (jeder mit seiner eigenen Anmeldung), impersonation oder delegate (ein Dienstkonto für alle).",
			EN: "Access to mailboxes: user (each with its own login), impersonation or delegate (one service account for all).",
			at: func(d *draft) any { return &d.Communication.Access }},
		{Key: "communication.account", Kind: Text,
			DE: "Anmeldename des Dienstkontos. Das Passwort steht nie hier; speichern Sie es mit: " + PasswordCommand + " " + AccountPassword,
			EN: "Login name of the service account. Its password never stands here; store it with: " + PasswordCommand + " " + AccountPassword,
			at: func(d *draft) any { return &d.Communication.Account }},

		{Key: "database.alias", Kind: Text,
			DE: "Datenbank: der vollständige Alias der Unternehmensdatenbank, unten angelegt.",
			EN: "Database: the full alias of the business database, defined below.",
			at: func(d *draft) any { return &d.Database.Alias }},
		{Key: "databases.*.driver", Kind: Choice, Choices: []string{"sqlite"},
			DE: "Art der Datenbank.",
			EN: "Kind of database.",
			at: func(d *draft) any { return &d.alias.Driver }},
		{Key: "databases.*.dsn", Kind: Text, needed: true,
			DE: "Adresse der Datenbank; bei sqlite eine Datei, relativ zum Datenordner.",
			EN: "The database's address; for sqlite a file, relative to the data folder.",
			at: func(d *draft) any { return &d.alias.DSN }},
		{Key: "databases.*.foreign", Kind: YesNo,
			DE: "Fremde Datenbank: ihr Aufbau wird nie verändert.",
			EN: "Foreign database: its schema is never altered.",
			at: func(d *draft) any { return &d.alias.Foreign }},

		{Key: "service.user", Kind: Text,
			DE: "BenutzerID des Dienstes im Unternehmenssystem. Das Passwort steht nie hier; speichern Sie es mit: " + PasswordCommand,
			EN: "The service's User-ID in the business system. Its password never stands here; store it with: " + PasswordCommand,
			at: func(d *draft) any { return &d.Service.User }},
		{Key: "service.group", Kind: Text, needed: true,
			DE: "Gruppe, der dieser Benutzer angehören muss.",
			EN: "Group this user must belong to.",
			at: func(d *draft) any { return &d.Service.Group }},

		{Key: "events.server", Kind: Text, form: hostForm,
			DE: "Eventserver: Name oder IP-Adresse, unter der der Mailserver diesen Rechner erreicht. Leer: keine Rückrufe.",
			EN: "Event server: name or IP address under which the mail server reaches this machine. Empty: no calls back.",
			at: func(d *draft) any { return &d.Events.Server }},
		{Key: "events.port", Kind: Number, Min: 1, Max: 65535,
			DE: "Eventport.",
			EN: "Event port.",
			at: func(d *draft) any { return &d.Events.Port }},
		{Key: "events.listen", Kind: Text, form: ipForm,
			DE: "IP-Adresse dieses Rechners, auf der der Eventserver lauscht. Leer: alle.",
			EN: "IP address of this machine the event server listens on. Empty: all.",
			at: func(d *draft) any { return &d.Events.Listen }},

		{Key: "notice.recipient", Kind: Text, form: mailForm,
			DE: "Meldungsempfänger: E-Mail-Adresse für Status und Hinweise.",
			EN: "Message recipient: e-mail address for status information and notices.",
			at: func(d *draft) any { return &d.Notice.Recipient }},
		{Key: "notice.summary", Kind: Text, form: clockForm,
			DE: "Uhrzeit der täglichen Zusammenfassung, die nur kommt, wenn etwas nicht in Ordnung ist. Leer: keine.",
			EN: "Time of day of the daily summary, which only comes when something is wrong. Empty: none.",
			at: func(d *draft) any { return &d.Notice.Summary }},
		{Key: "notice.by", Kind: Choice, Choices: []string{"smtp", "exchange"},
			DE: "Weg der Meldungen: smtp (über den Mailserver unten) oder exchange (aus einem Postfach, über EWS).",
			EN: "How notices are sent: smtp (through the mail server below) or exchange (from a mailbox, through EWS).",
			at: func(d *draft) any { return &d.Notice.By }},
		{Key: "notice.account", Kind: Text,
			DE: "Mit exchange: Anmeldename des Kontos, aus dessen Postfach gesendet wird; leer: das Dienstkonto. Das Passwort speichern Sie mit: " + PasswordCommand + " " + NoticePassword,
			EN: "With exchange: login name of the account whose mailbox sends; empty: the service account. Store its password with: " + PasswordCommand + " " + NoticePassword,
			at: func(d *draft) any { return &d.Notice.Account }},
		{Key: "notice.smtp_server", Kind: Text, form: hostForm,
			DE: "Mailserver für Meldungen (SMTP); bei Verschlüsselung der Name in seinem Zertifikat. Leer: keine Meldungen.",
			EN: "Mail server for notices (SMTP); with encryption the name in its certificate. Empty: no notices.",
			at: func(d *draft) any { return &d.Notice.SMTPServer }},
		{Key: "notice.smtp_port", Kind: Number, Min: 1, Max: 65535,
			DE: "Port des Mailservers: üblich 587 mit starttls, 465 mit tls.",
			EN: "The mail server's port: usually 587 with starttls, 465 with tls.",
			at: func(d *draft) any { return &d.Notice.SMTPPort }},
		{Key: "notice.smtp_security", Kind: Choice, Choices: []string{"starttls", "tls", "none"},
			DE: "Verschlüsselung: starttls, tls oder none (dann ohne Anmeldung).",
			EN: "Encryption: starttls, tls or none (then without login).",
			at: func(d *draft) any { return &d.Notice.SMTPSecurity }},
		{Key: "notice.smtp_user", Kind: Text,
			DE: "Anmeldename beim Mailserver, leer für keinen. Das Passwort steht nie hier; speichern Sie es mit: " + PasswordCommand + " " + NoticePassword,
			EN: "Login name at the mail server, empty for none. Its password never stands here; store it with: " + PasswordCommand + " " + NoticePassword,
			at: func(d *draft) any { return &d.Notice.SMTPUser }},
		{Key: "notice.from", Kind: Text, form: mailForm,
			DE: "Absender der Meldungen. Leer: der Meldungsempfänger selbst. Mit exchange und Impersonation: das Postfach, in dessen Namen das Dienstkonto sendet.",
			EN: "Sender of notices. Empty: the message recipient. With exchange and impersonation: the mailbox the service account sends for.",
			at: func(d *draft) any { return &d.Notice.From }},

		{Key: "sync.interval", Kind: Number, Unit: "s", Min: 10, Max: 86400,
			DE: "Abgleichintervall: Sekunden zwischen zwei Abgleichen eines Benutzers.",
			EN: "Sync interval: seconds between two runs of a user.",
			at: func(d *draft) any { return &d.Sync.Interval }},
		{Key: "sync.notifications", Kind: Choice, Choices: []string{"auto", "push", "streaming", "interval"},
			DE: "Wie Änderungen in Exchange zwischendurch bemerkt werden: push meldet der Mailserver an den Ereignisport, streaming über eine offene Verbindung, interval gar nicht. auto nimmt push, wo events.server angegeben ist; was nicht ankommt, wird über streaming bemerkt.",
			EN: "How changes in Exchange are noticed in between: with push the mail server reports to the event port, with streaming on an open connection, with interval not at all. auto takes push where events.server is given; what does not arrive is noticed by streaming.",
			at: func(d *draft) any { return &d.Sync.Notifications }},
		{Key: "sync.policy", Kind: Choice, Choices: []string{"newer", "business", "exchange"},
			DE: "Wer gewinnt, wenn dasselbe Feld auf beiden Seiten geändert wurde. Der andere Wert bleibt im Papierkorb.",
			EN: "Who wins when both sides changed the same field. The other value is kept in the trash.",
			at: func(d *draft) any { return &d.Sync.Policy }},
		{Key: "sync.guard_count", Kind: Number, Min: 1, Max: 100000,
			DE: "Löschschutz: ab mehr Löschungen als dieser Zahl (und dem Anteil darunter) in 24 Stunden wird nachgefragt.",
			EN: "Deletion guard: more deletions than this number (and the share below) in 24 hours are held until confirmed.",
			at: func(d *draft) any { return &d.Sync.GuardCount }},
		{Key: "sync.guard_percent", Kind: Number, Unit: "%", Min: 1, Max: 100,
			DE: "Löschschutz: Anteil an den Einträgen eines Benutzers.",
			EN: "Deletion guard: share of a user's items.",
			at: func(d *draft) any { return &d.Sync.GuardPercent }},
		{Key: "sync.trash_days", Kind: Number, Unit: "d", Min: 1, Max: 3650,
			DE: "Papierkorb: so viele Tage wird aufgehoben, was ein Abgleich gelöscht oder überschrieben hat.",
			EN: "Trash: how many days is kept what a run deleted or overwrote.",
			at: func(d *draft) any { return &d.Sync.TrashDays }},
		{Key: "sync.keep_credentials", Kind: Choice, Choices: []string{"store", "memory"},
			DE: "Wo Anmeldedaten bleiben: store (versiegelt gespeichert) oder memory (nur bis zum Ende des Dienstes).",
			EN: "Where logins stay: store (kept sealed) or memory (only until the service ends).",
			at: func(d *draft) any { return &d.Sync.KeepCredentials }},
		{Key: "sync.ignore_other_services", Kind: YesNo,
			DE: "Erstmalige Abgleiche auch dann beginnen, wenn auf diesem Rechner ein anderer Abgleichdienst (BMDSyncService) läuft.",
			EN: "Begin first syncs even while another sync service (BMDSyncService) runs on this machine.",
			at: func(d *draft) any { return &d.Sync.IgnoreOtherServices }},

		{Key: "log.folder", Kind: Text, needed: true,
			DE: "Protokollordner; darf eine Netzwerkfreigabe sein.",
			EN: "Log folder; may be a network share.",
			at: func(d *draft) any { return &d.Log.Folder }},
		{Key: "log.level", Kind: Choice, Choices: []string{"error", "warn", "info", "debug"},
			DE: "Was mindestens protokolliert wird.",
			EN: "The least important kind of line that is logged.",
			at: func(d *draft) any { return &d.Log.Level }},
		{Key: "log.max_size_mb", Kind: Number, Unit: "MB", Min: 1, Max: 1000,
			DE: "Ab dieser Größe beginnt eine neue Datei.",
			EN: "At this size a new file is begun.",
			at: func(d *draft) any { return &d.Log.MaxSizeMB }},
		{Key: "log.max_age_days", Kind: Number, Unit: "d", Min: 1, Max: 3650,
			DE: "So viele Tage werden abgelegte Protokolle aufgehoben.",
			EN: "How many days old log files are kept.",
			at: func(d *draft) any { return &d.Log.MaxAgeDays }},

		{Key: "data.folder", Kind: Text, needed: true,
			DE: "Datenordner des Dienstes: Zustand, Warteschlange und Schlüssel.",
			EN: "The agent's data folder: state, queue and key.",
			at: func(d *draft) any { return &d.Data.Folder }},

		{Key: "ipc.address", Kind: Text, needed: true,
			DE: "Adresse, unter der Infobereich-Programme den Dienst erreichen: Unix-Socket oder benannte Pipe.",
			EN: "Address at which tray apps reach the agent: a Unix socket or named pipe.",
			at: func(d *draft) any { return &d.IPC.Address }},
		{Key: "ipc.remote_trays", Kind: YesNo,
			DE: "Infobereich-Programme auf anderen Rechnern erreichen den Dienst über das Netz (nur Windows).",
			EN: "Tray apps on other machines reach the agent over the network (Windows only).",
			at: func(d *draft) any { return &d.IPC.RemoteTrays }},
		{Key: "ipc.admin_group", Kind: Text,
			DE: "Betriebssystemgruppe, deren Mitglieder den Dienst verwalten dürfen.",
			EN: "Operating system group whose members may administer the agent.",
			at: func(d *draft) any { return &d.IPC.AdminGroup }},
	})
}

// Describe lists every parameter in the file's order.
func Describe() []Field { return fields() }
