package jobs

import (
	"context"
	"errors"
	"flag"
	"time"

	"github.com/redis/go-redis/v9"

	"demo/internal/cart"
	"demo/internal/run"
)

// Worker takes receipts from the queue in Redis, one at a time, until it is told to stop.
func Worker(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("worker", flag.ContinueOnError)
	server := flags.String("redis", "redis.data:6379", "address of Redis")
	if err := flags.Parse(args); err != nil {
		return err
	}
	client := cart.Connect(*server)
	defer client.Close()
	done := 0
	for ctx.Err() == nil {
		// A value is the list's name and its element.
		value, err := client.BRPop(ctx, 2*time.Second, cart.Receipts).Result()
		switch {
		case errors.Is(err, redis.Nil):
			continue
		case err != nil && ctx.Err() == nil:
			run.Log().Warn("queue not reachable", "error", err.Error())
			run.Sleep(ctx, 2*time.Second)
			continue
		case err != nil:
			return nil
		}
		done++
		run.Log().Info("receipt printed", "number", done, "bytes", len(value[1]))
	}
	return nil
}
