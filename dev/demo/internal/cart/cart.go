// Package cart keeps shopping carts in Redis, a hash each, and hands finished ones to the workers through a list.
package cart

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"demo/internal/run"
)

// Receipts is the list that workers take finished carts from.
const Receipts = "receipts"

const (
	lifetime    = 30 * time.Minute
	maxQuantity = 100
	maxReceipts = 1000
)

// Item is one line of a cart.
type Item struct {
	Product  string `json:"product"`
	Quantity int    `json:"quantity"`
}

// Connect opens the connection pool; nothing is dialled yet.
func Connect(address string) *redis.Client {
	return redis.NewClient(&redis.Options{
		Addr: address, PoolSize: 4, DialTimeout: 3 * time.Second,
		// A plain Redis knows neither of these, and asking costs a round trip and a log line for each connection.
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		DisableIdentity:          true,
	})
}

// Main serves the carts.
func Main(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("cart", flag.ContinueOnError)
	address := flags.String("listen", ":8080", "address of the HTTP service")
	server := flags.String("redis", "redis.data:6379", "address of Redis")
	if err := flags.Parse(args); err != nil {
		return err
	}
	client := Connect(*server)
	defer client.Close()
	return run.Serve(ctx, *address, Handler(client), nil)
}

// Handler answers for carts: GET and DELETE /carts/{user}, POST /carts/{user}/items, POST /carts/{user}/checkout.
func Handler(client *redis.Client) http.Handler {
	s := &service{redis: client}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /carts/{user}", s.get)
	mux.HandleFunc("DELETE /carts/{user}", s.clear)
	mux.HandleFunc("POST /carts/{user}/items", s.add)
	mux.HandleFunc("POST /carts/{user}/checkout", s.checkout)
	run.Health(mux, func(ctx context.Context) error { return client.Ping(ctx).Err() })
	return mux
}

type service struct{ redis *redis.Client }

func (s *service) get(w http.ResponseWriter, r *http.Request) {
	items, err := s.items(r.Context(), r.PathValue("user"))
	answer(w, items, err)
}

func (s *service) clear(w http.ResponseWriter, r *http.Request) {
	key, err := cartKey(r.PathValue("user"))
	if err == nil {
		err = s.redis.Del(r.Context(), key).Err()
	}
	answer(w, []Item{}, err)
}

func (s *service) add(w http.ResponseWriter, r *http.Request) {
	var item Item
	err := run.ReadJSON(r.Body, &item)
	if err != nil || !identifier.MatchString(item.Product) || item.Quantity < 1 || item.Quantity > maxQuantity {
		run.Fail(w, http.StatusBadRequest, fmt.Errorf("an item is {product, quantity from 1 to %d}", maxQuantity))
		return
	}
	key, err := cartKey(r.PathValue("user"))
	if err != nil {
		answer(w, nil, err)
		return
	}
	_, err = s.redis.TxPipelined(r.Context(), func(pipe redis.Pipeliner) error {
		pipe.HIncrBy(r.Context(), key, item.Product, int64(item.Quantity))
		pipe.Expire(r.Context(), key, lifetime)
		return nil
	})
	if err != nil {
		answer(w, nil, err)
		return
	}
	s.get(w, r)
}

// checkout empties the cart, leaves a receipt for the workers and answers what was in it.
func (s *service) checkout(w http.ResponseWriter, r *http.Request) {
	user := r.PathValue("user")
	items, err := s.items(r.Context(), user)
	if err != nil {
		answer(w, nil, err)
		return
	}
	receipt, err := json.Marshal(map[string]any{"user": user, "items": items})
	if err != nil {
		answer(w, nil, err)
		return
	}
	_, err = s.redis.TxPipelined(r.Context(), func(pipe redis.Pipeliner) error {
		pipe.Del(r.Context(), "cart:"+user)
		pipe.LPush(r.Context(), Receipts, receipt)
		pipe.LTrim(r.Context(), Receipts, 0, maxReceipts-1)
		return nil
	})
	answer(w, items, err)
}

func (s *service) items(ctx context.Context, user string) ([]Item, error) {
	key, err := cartKey(user)
	if err != nil {
		return nil, err
	}
	fields, err := s.redis.HGetAll(ctx, key).Result()
	if err != nil {
		return nil, err
	}
	items := make([]Item, 0, len(fields))
	for product, text := range fields {
		quantity, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("quantity of %s: %w", product, err)
		}
		items = append(items, Item{Product: product, Quantity: quantity})
	}
	return items, nil
}

var (
	identifier = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)
	errUser    = errors.New("a user is 1 to 40 of a-z, 0-9 and -")
)

func cartKey(user string) (string, error) {
	if !identifier.MatchString(user) {
		return "", errUser
	}
	return "cart:" + user, nil
}

func answer(w http.ResponseWriter, items []Item, err error) {
	switch {
	case errors.Is(err, errUser):
		run.Fail(w, http.StatusBadRequest, err)
	case err != nil:
		run.Fail(w, http.StatusBadGateway, err)
	default:
		run.WriteJSON(w, http.StatusOK, items)
	}
}
