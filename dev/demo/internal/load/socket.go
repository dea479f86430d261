package load

import (
	"context"
	"strings"
	"time"

	"github.com/coder/websocket"

	"demo/internal/run"
)

// hold keeps one WebSocket to the shop open and counts its messages; after a loss it waits before it connects again.
func (v *visitor) hold(ctx context.Context) {
	pause := time.Second
	for {
		started := time.Now()
		err := v.listen(ctx)
		if ctx.Err() != nil {
			return
		}
		run.Log().Info("WebSocket ended", "after", time.Since(started).Round(time.Second).String(), "error", err.Error())
		if time.Since(started) > time.Minute {
			pause = time.Second
		}
		if !run.Sleep(ctx, pause) {
			return
		}
		pause = min(pause*2, 15*time.Second)
	}
}

func (v *visitor) listen(ctx context.Context) error {
	dialing, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	socket, _, err := websocket.Dial(dialing, "ws"+strings.TrimPrefix(v.target, "http")+"/ws", nil)
	if err != nil {
		return err
	}
	defer socket.CloseNow()
	for {
		limited, cancel := context.WithTimeout(ctx, 30*time.Second)
		_, _, err := socket.Read(limited)
		cancel()
		if err != nil {
			return err
		}
		v.tally.message()
	}
}
