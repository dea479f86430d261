// Package load is a steady gentle visitor of the shop: about ten requests a second over a few kept connections, and
// one WebSocket held open. It never has more requests under way than it has connections; a tick that finds all of them
// busy is dropped and counted.
package load

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"demo/internal/run"
)

const connections = 4

// Main visits the shop until it is told to stop.
func Main(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	target := flags.String("target", "http://front.shop", "URL of the shop")
	rate := flags.Int("rate", 10, "requests a second, 1 to 100")
	every := flags.Duration("report", 10*time.Second, "how often a line with the counts is logged")
	health := flags.String("listen", ":8080", "address for probes")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *rate < 1 || *rate > 100 {
		return fmt.Errorf("rate %d is not 1 to 100", *rate)
	}
	v := &visitor{target: *target, client: run.Client(nil), busy: make(chan struct{}, connections)}
	ended := make(chan error, 1)
	go func() {
		mux := http.NewServeMux()
		run.Health(mux, v.tally.healthy)
		ended <- run.Serve(ctx, *health, mux, nil)
	}()
	go v.hold(ctx)
	go v.visit(ctx, time.Second/time.Duration(*rate))
	report := time.NewTicker(*every)
	defer report.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-report.C:
			v.tally.log()
		}
	}
}

type visitor struct {
	target string
	client *http.Client
	busy   chan struct{}
	tally  tally
}

// visit makes one request a tick.
func (v *visitor) visit(ctx context.Context, pause time.Duration) {
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		select {
		case v.busy <- struct{}{}:
			go func() {
				defer func() { <-v.busy }()
				started := time.Now()
				what, err := v.once(ctx)
				if ctx.Err() == nil {
					v.tally.count(what, time.Since(started), err)
				}
			}()
		default:
			v.tally.drop()
		}
	}
}

// once is one visit of a random kind.
func (v *visitor) once(ctx context.Context) (string, error) {
	user := fmt.Sprintf("visitor-%d", rand.IntN(8))
	item := map[string]any{"product": articles[rand.IntN(len(articles))], "quantity": 1 + rand.IntN(3)}
	cart := v.target + "/api/cart/" + user
	switch die := rand.IntN(100); {
	case die < 40:
		return "product", run.Call(ctx, v.client, http.MethodGet, fmt.Sprintf("%s/api/products/%s", v.target, item["product"]), nil, nil)
	case die < 55:
		return "products", run.Call(ctx, v.client, http.MethodGet, v.target+"/api/products", nil, nil)
	case die < 62:
		return "page", run.Call(ctx, v.client, http.MethodGet, v.target+"/", nil, nil)
	case die < 80:
		return "cart_add", run.Call(ctx, v.client, http.MethodPost, cart, item, nil)
	case die < 90:
		return "cart", run.Call(ctx, v.client, http.MethodGet, cart, nil, nil)
	case die < 95:
		return "orders", run.Call(ctx, v.client, http.MethodGet, v.target+"/api/orders", nil, nil)
	default:
		// Something is put in first, so that the cart is not empty, unless another visit of this user orders it away.
		if err := run.Call(ctx, v.client, http.MethodPost, cart, item, nil); err != nil {
			return "order", err
		}
		return "order", notConflict(run.Call(ctx, v.client, http.MethodPost, v.target+"/api/orders/"+user, nil, nil))
	}
}

var articles = []string{"anchor", "bell", "binoculars", "boathook", "chart", "compass", "flag", "lamp", "log", "rope", "sextant", "whistle"}
