package fault

// LoginUnverified is a login that nobody has checked and nobody said shall be
// kept all the same.
const LoginUnverified Code = "login-unverified"
