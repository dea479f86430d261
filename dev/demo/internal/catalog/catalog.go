// Package catalog is the shop's gRPC service: what is sold and for how much. Prices wander a little every second, so
// that a watcher always has something to see.
package catalog

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	"demo/internal/catalog/catalogpb"
	"demo/internal/run"
)

// Main serves the catalog.
func Main(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("catalog", flag.ContinueOnError)
	address := flags.String("listen", ":9090", "address of the gRPC service")
	if err := flags.Parse(args); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", *address, err)
	}
	return Serve(ctx, listener)
}

// Serve answers on the listener until the context ends.
func Serve(ctx context.Context, listener net.Listener) error {
	server := grpc.NewServer(grpc.KeepaliveParams(keepalive.ServerParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}))
	shelf := newShelf()
	catalogpb.RegisterCatalogServer(server, &service{shelf: shelf, ending: ctx.Done()})
	checks := health.NewServer()
	healthpb.RegisterHealthServer(server, checks)

	go shelf.wander(ctx)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	run.Log().Info("listening", "address", listener.Addr().String(), "products", len(products))
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	checks.Shutdown()
	force := time.AfterFunc(run.Grace, server.Stop)
	defer force.Stop()
	server.GracefulStop()
	return nil
}

type service struct {
	catalogpb.UnimplementedCatalogServer
	shelf  *shelf
	ending <-chan struct{}
}

func (s *service) GetProduct(_ context.Context, request *catalogpb.GetProductRequest) (*catalogpb.Product, error) {
	product := s.shelf.get(request.GetId())
	if product == nil {
		return nil, status.Errorf(codes.NotFound, "no product %q", request.GetId())
	}
	return product, nil
}

func (s *service) ListProducts(_ *catalogpb.ListProductsRequest, stream grpc.ServerStreamingServer[catalogpb.Product]) error {
	for _, product := range products {
		if err := stream.Send(s.shelf.get(product.id)); err != nil {
			return err
		}
	}
	return nil
}

func (s *service) WatchPrices(request *catalogpb.WatchPricesRequest, stream grpc.ServerStreamingServer[catalogpb.Price]) error {
	interval := time.Duration(request.GetIntervalMs()) * time.Millisecond
	if interval == 0 {
		interval = time.Second
	}
	ticker := time.NewTicker(max(interval, 10*time.Millisecond))
	defer ticker.Stop()
	for {
		product := s.shelf.get(products[rand.IntN(len(products))].id)
		price := &catalogpb.Price{ProductId: product.GetId(), PriceCents: product.GetPriceCents(), AtUnixMs: time.Now().UnixMilli()}
		if err := stream.Send(price); err != nil {
			return err
		}
		select {
		case <-stream.Context().Done():
			return stream.Context().Err()
		case <-s.ending:
			return status.Error(codes.Unavailable, "the catalog is stopping")
		case <-ticker.C:
		}
	}
}

// shelf holds the prices of the moment.
type shelf struct {
	lock   sync.RWMutex
	prices map[string]uint32
}

func newShelf() *shelf {
	prices := make(map[string]uint32, len(products))
	for _, product := range products {
		prices[product.id] = product.cents
	}
	return &shelf{prices: prices}
}

// get is the product with its price of the moment, or nil.
func (s *shelf) get(id string) *catalogpb.Product {
	for index, product := range products {
		if product.id != id {
			continue
		}
		s.lock.RLock()
		defer s.lock.RUnlock()
		return &catalogpb.Product{
			Id: product.id, Name: product.name, Description: product.description,
			PriceCents: s.prices[id], Stock: uint32(10 + 7*index),
		}
	}
	return nil
}

// wander changes one price a second, by at most a tenth around the list price.
func (s *shelf) wander(ctx context.Context) {
	for run.Sleep(ctx, time.Second) {
		product := products[rand.IntN(len(products))]
		span := product.cents / 10
		s.lock.Lock()
		s.prices[product.id] = product.cents - span + rand.Uint32N(2*span+1)
		s.lock.Unlock()
	}
}
