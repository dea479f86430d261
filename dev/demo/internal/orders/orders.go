// Package orders keeps orders in PostgreSQL with prepared statements; old ones are deleted so that the table stays small.
package orders

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"demo/internal/run"
)

// Order is one sale.
type Order struct {
	ID         int64     `json:"id"`
	Customer   string    `json:"customer"`
	Items      int       `json:"items"`
	TotalCents int64     `json:"total_cents"`
	At         time.Time `json:"at"`
}

// Summary is what a report says.
type Summary struct {
	Orders     int64 `json:"orders"`
	TotalCents int64 `json:"total_cents"`
}

// The statements, prepared once a connection under these names.
const (
	insertOrder  = "insert_order"
	recentOrders = "recent_orders"
	sumOrders    = "sum_orders"
	trimOrders   = "trim_orders"
)

var statements = map[string]string{
	insertOrder:  `INSERT INTO orders (customer, items, total_cents) VALUES ($1, $2, $3) RETURNING id, at`,
	recentOrders: `SELECT id, customer, items, total_cents, at FROM orders ORDER BY id DESC LIMIT $1`,
	sumOrders:    `SELECT count(*), coalesce(sum(total_cents), 0)::bigint FROM orders WHERE at > now() - $1::interval`,
	trimOrders:   `DELETE FROM orders WHERE id <= (SELECT max(id) FROM orders) - $1`,
}

const (
	kept   = 1000
	schema = `CREATE TABLE IF NOT EXISTS orders (
		id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		customer text NOT NULL,
		items integer NOT NULL,
		total_cents bigint NOT NULL,
		at timestamptz NOT NULL DEFAULT now())`
)

// Main serves the orders.
func Main(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("orders", flag.ContinueOnError)
	address := flags.String("listen", ":8080", "address of the HTTP service")
	database := flags.String("database", "host=postgres.data user=shop dbname=shop sslmode=disable", "PostgreSQL connection")
	password := flags.String("password-file", "", "file that holds the password")
	if err := flags.Parse(args); err != nil {
		return err
	}
	pool, err := connect(ctx, *database, *password)
	if err != nil {
		return err
	}
	defer pool.Close()
	go trim(ctx, pool)
	return run.Serve(ctx, *address, Handler(pool), nil)
}

func connect(ctx context.Context, database, password string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(database)
	if err != nil {
		return nil, fmt.Errorf("connection string: %w", err)
	}
	if password != "" {
		text, err := os.ReadFile(password)
		if err != nil {
			return nil, fmt.Errorf("password: %w", err)
		}
		config.ConnConfig.Password = strings.TrimSpace(string(text))
	}
	config.MaxConns = 3
	config.ConnConfig.ConnectTimeout = 3 * time.Second
	config.ConnConfig.RuntimeParams["application_name"] = "orders"
	config.AfterConnect = prepare
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	if err := run.Retry(limited, "reach PostgreSQL", pool.Ping); err != nil {
		pool.Close()
		return nil, err
	}
	return pool, nil
}

// prepare makes the table when it is missing, and the connection's statements.
func prepare(ctx context.Context, connection *pgx.Conn) error {
	if _, err := connection.Exec(ctx, schema); err != nil {
		return fmt.Errorf("create the table: %w", err)
	}
	for name, text := range statements {
		if _, err := connection.Prepare(ctx, name, text); err != nil {
			return fmt.Errorf("prepare %s: %w", name, err)
		}
	}
	return nil
}

// trim deletes all but the newest orders, once a minute.
func trim(ctx context.Context, pool *pgxpool.Pool) {
	for run.Sleep(ctx, time.Minute) {
		if result, err := pool.Exec(ctx, trimOrders, kept); err != nil {
			run.Log().Warn("old orders not deleted", "error", err.Error())
		} else if result.RowsAffected() > 0 {
			run.Log().Info("old orders deleted", "rows", result.RowsAffected())
		}
	}
}

// Handler answers for orders: POST /orders, GET /orders/recent, GET /orders/summary.
func Handler(pool *pgxpool.Pool) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", func(w http.ResponseWriter, r *http.Request) {
		var order Order
		err := run.ReadJSON(r.Body, &order)
		if err == nil && (order.Customer == "" || len(order.Customer) > 40 || order.Items < 1) {
			err = errors.New("an order needs a customer and items")
		}
		if err != nil {
			run.Fail(w, http.StatusBadRequest, err)
			return
		}
		row := pool.QueryRow(r.Context(), insertOrder, order.Customer, order.Items, order.TotalCents)
		answer(w, http.StatusCreated, &order, row.Scan(&order.ID, &order.At))
	})
	mux.HandleFunc("GET /orders/recent", func(w http.ResponseWriter, r *http.Request) {
		rows, err := pool.Query(r.Context(), recentOrders, 20)
		if err != nil {
			answer(w, 0, nil, err)
			return
		}
		list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Order])
		answer(w, http.StatusOK, list, err)
	})
	mux.HandleFunc("GET /orders/summary", func(w http.ResponseWriter, r *http.Request) {
		var summary Summary
		row := pool.QueryRow(r.Context(), sumOrders, "1 hour")
		answer(w, http.StatusOK, &summary, row.Scan(&summary.Orders, &summary.TotalCents))
	})
	run.Health(mux, pool.Ping)
	return mux
}

func answer(w http.ResponseWriter, status int, value any, err error) {
	if err != nil {
		run.Fail(w, http.StatusBadGateway, err)
		return
	}
	run.WriteJSON(w, status, value)
}
