// Package jobs holds the programs that are no servers: batches, the queue's worker and the node's agent.
package jobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"net/http"
	"time"

	"demo/internal/orders"
	"demo/internal/run"
)

// Batch works through a number of items and ends; with -report it asks for the sum of the orders instead.
func Batch(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("batch", flag.ContinueOnError)
	items := flags.Int("items", 20, "items to work through")
	pause := flags.Duration("pause", 200*time.Millisecond, "time an item takes")
	report := flags.String("report", "", "URL of the orders' summary")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *report != "" {
		var summary orders.Summary
		if err := run.Call(ctx, run.Client(nil), http.MethodGet, *report, nil, &summary); err != nil {
			return err
		}
		run.Log().Info("orders of the last hour", "orders", summary.Orders, "total_cents", summary.TotalCents)
		return nil
	}
	sum := sha256.Sum256([]byte("start"))
	for done := 1; done <= *items; done++ {
		if !run.Sleep(ctx, *pause) {
			return ctx.Err()
		}
		sum = sha256.Sum256(sum[:])
		if done%5 == 0 || done == *items {
			run.Log().Info("progress", "done", done, "of", *items)
		}
	}
	run.Log().Info("finished", "sum", hex.EncodeToString(sum[:8]))
	return nil
}
