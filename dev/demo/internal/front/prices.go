package front

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"demo/internal/catalog/catalogpb"
	"demo/internal/run"
)

// Price is one message of the WebSocket.
type Price struct {
	Product    string `json:"product"`
	PriceCents uint32 `json:"price_cents"`
	AtUnixMS   int64  `json:"at_unix_ms"`
}

const (
	priceInterval = time.Second
	pingInterval  = 15 * time.Second
)

// prices holds a WebSocket open and pushes what the catalog streams, with a ping now and then.
func (s *shop) prices(w http.ResponseWriter, r *http.Request) {
	socket, err := websocket.Accept(w, r, nil)
	if err != nil {
		run.Log().Warn("WebSocket refused", "error", err.Error())
		return
	}
	defer socket.CloseNow()
	// The client sends nothing but control frames; they are answered while this context lives.
	ctx := socket.CloseRead(r.Context())
	stream, err := s.Catalog.WatchPrices(ctx, &catalogpb.WatchPricesRequest{IntervalMs: uint32(priceInterval.Milliseconds())})
	if err != nil {
		socket.Close(websocket.StatusInternalError, "no prices")
		return
	}
	go ping(ctx, socket)
	for {
		next, err := stream.Recv()
		if err != nil {
			if r.Context().Err() == nil && ctx.Err() == nil {
				run.Log().Warn("price stream ended", "error", err.Error())
			}
			socket.Close(websocket.StatusGoingAway, "the stream of prices ended")
			return
		}
		text, err := json.Marshal(Price{next.GetProductId(), next.GetPriceCents(), next.GetAtUnixMs()})
		if err != nil {
			socket.Close(websocket.StatusInternalError, "a price that is no JSON")
			return
		}
		if err := socket.Write(ctx, websocket.MessageText, text); err != nil {
			return
		}
	}
}

func ping(ctx context.Context, socket *websocket.Conn) {
	for run.Sleep(ctx, pingInterval) {
		limited, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := socket.Ping(limited)
		cancel()
		if err != nil {
			socket.CloseNow()
			return
		}
	}
}
