package store

import (
	"os"
	"path/filepath"
	"testing"
)

func TestCountingGoesOnAfterARestart(t *testing.T) {
	folder := t.TempDir()
	first, err := open(folder)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := first.append(); err != nil {
			t.Fatal(err)
		}
	}
	second, err := open(folder)
	if err != nil {
		t.Fatal(err)
	}
	if got := second.lines.Load(); got != 3 {
		t.Errorf("found %d lines, not 3", got)
	}
}

func TestALargeFileIsTurnedOver(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "book.txt")
	if err := os.WriteFile(path, append(make([]byte, maxSize), "\n41 x\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	b := &book{path: path}
	b.lines.Store(41)
	if err := b.append(); err != nil {
		t.Fatal(err)
	}
	again, err := open(folder)
	if err != nil {
		t.Fatal(err)
	}
	if again.lines.Load() != 42 {
		t.Errorf("goes on at %d, not 42", again.lines.Load())
	}
	if _, err := os.Stat(path + ".old"); err != nil {
		t.Error(err)
	}
}
