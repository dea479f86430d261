// Package front is the shop's door: HTML and JSON over HTTP/1.1, and a WebSocket with prices. It calls the catalog by
// gRPC, carts and orders by HTTP and payments by TLS.
package front

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"demo/internal/catalog/catalogpb"
	"demo/internal/pay"
	"demo/internal/run"
)

// Peers are the services that the front calls.
type Peers struct {
	Catalog catalogpb.CatalogClient
	// HTTP is for carts and orders, TLS for payments.
	HTTP, TLS *http.Client
	// Base URLs without a slash at the end.
	Cart, Orders, Pay string
}

// Main serves the shop.
func Main(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("front", flag.ContinueOnError)
	address := flags.String("listen", ":8080", "address of the HTTP service")
	catalogAddress := flags.String("catalog", "dns:///catalog.shop:9090", "target of the catalog")
	cart := flags.String("cart", "http://cart.shop:8080", "URL of the carts")
	orders := flags.String("orders", "http://orders.shop:8080", "URL of the orders")
	payments := flags.String("pay", "https://pay.shop:8443", "URL of the payments")
	payName := flags.String("pay-name", "pay.shop", "name that the payments' certificate must bear")
	authority := flags.String("authority", "/etc/authority/ca.crt", "file with the authority that payments' certificate comes from")
	if err := flags.Parse(args); err != nil {
		return err
	}
	text, err := os.ReadFile(*authority)
	if err != nil {
		return fmt.Errorf("authority: %w", err)
	}
	trust, err := pay.Trust(text, *payName)
	if err != nil {
		return err
	}
	connection, err := DialCatalog(*catalogAddress)
	if err != nil {
		return err
	}
	defer connection.Close()
	peers := Peers{
		Catalog: catalogpb.NewCatalogClient(connection),
		HTTP:    run.Client(nil), TLS: run.Client(trust),
		Cart: *cart, Orders: *orders, Pay: *payments,
	}
	return run.Serve(ctx, *address, Handler(peers), nil)
}

// DialCatalog makes the gRPC client connection; calls go round the catalog's addresses.
func DialCatalog(target string) (*grpc.ClientConn, error) {
	return grpc.NewClient(target,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		// Settings come from here alone, not from TXT records.
		grpc.WithDisableServiceConfig(),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin": {}}]}`),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: time.Minute, Timeout: 10 * time.Second}),
	)
}

// Handler answers for the whole shop.
func Handler(peers Peers) http.Handler {
	s := &shop{peers}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page)
	mux.HandleFunc("GET /api/products", s.products)
	mux.HandleFunc("GET /api/products/{id}", s.product)
	mux.HandleFunc("GET /api/cart/{user}", s.cart)
	mux.HandleFunc("POST /api/cart/{user}", s.addToCart)
	mux.HandleFunc("POST /api/orders/{user}", s.order)
	mux.HandleFunc("GET /api/orders", s.recentOrders)
	mux.HandleFunc("GET /ws", s.prices)
	run.Health(mux, func(ctx context.Context) error {
		_, err := peers.Catalog.GetProduct(ctx, &catalogpb.GetProductRequest{Id: "compass"})
		return err
	})
	return mux
}

type shop struct{ Peers }
