// Package architecture holds the test that keeps the house in order: which room
// may import which, that every package says what it owns, and that no file or
// habit grows that the project has decided against. It has no code of its own
// and must not know what any room does.
package architecture
