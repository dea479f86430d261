// Package store writes to its volume: one line every few seconds, synced, in a file that is turned over when it is
// large. After a restart it goes on counting where it was, which shows that the volume stayed.
package store

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"demo/internal/run"
)

const maxSize = 1 << 20

// Main writes until it is told to stop.
func Main(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("store", flag.ContinueOnError)
	folder := flags.String("folder", "/data", "where to write")
	every := flags.Duration("every", 5*time.Second, "pause between two lines")
	address := flags.String("listen", ":8080", "address of the HTTP service")
	if err := flags.Parse(args); err != nil {
		return err
	}
	book, err := open(*folder)
	if err != nil {
		return err
	}
	run.Log().Info("volume opened", "folder", *folder, "lines", book.lines.Load())
	writing := make(chan error, 1)
	serving, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		defer stop()
		writing <- book.write(ctx, *every)
	}()
	err = run.Serve(serving, *address, book.handler(), nil)
	stop()
	return errors.Join(err, <-writing)
}

// book is a file of numbered lines.
type book struct {
	path  string
	lines atomic.Int64
}

// open counts what is already there.
func open(folder string) (*book, error) {
	b := &book{path: filepath.Join(folder, "book.txt")}
	file, err := os.Open(b.path)
	if errors.Is(err, fs.ErrNotExist) {
		return b, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	// A line begins with its number; the last one says how many there ever were.
	scanner := bufio.NewScanner(file)
	for scanner.Scan() {
		var number int64
		if _, err := fmt.Sscanf(scanner.Text(), "%d ", &number); err == nil {
			b.lines.Store(number)
		}
	}
	return b, scanner.Err()
}

func (b *book) write(ctx context.Context, every time.Duration) error {
	for {
		if err := b.append(); err != nil {
			return err
		}
		if !run.Sleep(ctx, every) {
			return nil
		}
	}
}

// append writes the next line and waits until the volume has it.
func (b *book) append() error {
	if info, err := os.Stat(b.path); err == nil && info.Size() > maxSize {
		if err := os.Rename(b.path, b.path+".old"); err != nil {
			return err
		}
	}
	file, err := os.OpenFile(b.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, "%d %s\n", b.lines.Load()+1, time.Now().UTC().Format(time.RFC3339))
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	b.lines.Add(1)
	return nil
}

func (b *book) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /lines", func(w http.ResponseWriter, _ *http.Request) {
		run.WriteJSON(w, http.StatusOK, map[string]int64{"lines": b.lines.Load()})
	})
	run.Health(mux, func(context.Context) error { return nil })
	return mux
}
