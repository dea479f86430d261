package run

import (
	"context"
	"flag"
	"fmt"
	"net"
	"time"
)

// Wait is an init container's program: it ends as soon as every address given accepts a TCP connection, and fails
// when that takes too long.
func Wait(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("wait", flag.ContinueOnError)
	limit := flags.Duration("timeout", 2*time.Minute, "how long to wait in all")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	for _, address := range flags.Args() {
		err := Retry(ctx, "connect to "+address, func(ctx context.Context) error {
			connection, err := (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, "tcp", address)
			if err != nil {
				return err
			}
			return connection.Close()
		})
		if err != nil {
			return err
		}
		Log().Info("reachable", "address", address)
	}
	return nil
}

// Retry tries until the act succeeds or the context ends, with pauses that grow from a quarter of a second to one.
func Retry(ctx context.Context, what string, act func(context.Context) error) error {
	pause := 250 * time.Millisecond
	for {
		err := act(ctx)
		if err == nil {
			return nil
		}
		Log().Info("not yet", "what", what, "error", err.Error())
		if !Sleep(ctx, pause) {
			return fmt.Errorf("%s: %w (last: %w)", what, ctx.Err(), err)
		}
		pause = min(pause*2, time.Second)
	}
}

// Sleep pauses and says whether the context still lives.
func Sleep(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
