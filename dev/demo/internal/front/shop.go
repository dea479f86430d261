package front

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"demo/internal/cart"
	"demo/internal/catalog/catalogpb"
	"demo/internal/orders"
	"demo/internal/pay"
	"demo/internal/run"
)

// product is a catalog entry as the shop's JSON has it.
type product struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	PriceCents  uint32 `json:"price_cents"`
	Stock       uint32 `json:"stock"`
}

func shown(p *catalogpb.Product) product {
	return product{p.GetId(), p.GetName(), p.GetDescription(), p.GetPriceCents(), p.GetStock()}
}

func (s *shop) list(ctx context.Context) ([]product, error) {
	stream, err := s.Catalog.ListProducts(ctx, &catalogpb.ListProductsRequest{})
	if err != nil {
		return nil, err
	}
	var list []product
	for {
		next, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		list = append(list, shown(next))
	}
}

func (s *shop) page(w http.ResponseWriter, r *http.Request) {
	list, err := s.list(r.Context())
	if err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := pageTemplate.Execute(w, list); err != nil {
		run.Log().Warn("page not written", "error", err.Error())
	}
}

func (s *shop) products(w http.ResponseWriter, r *http.Request) {
	list, err := s.list(r.Context())
	if err != nil {
		fail(w, err)
		return
	}
	run.WriteJSON(w, http.StatusOK, list)
}

func (s *shop) product(w http.ResponseWriter, r *http.Request) {
	found, err := s.Catalog.GetProduct(r.Context(), &catalogpb.GetProductRequest{Id: r.PathValue("id")})
	if err != nil {
		fail(w, err)
		return
	}
	run.WriteJSON(w, http.StatusOK, shown(found))
}

func (s *shop) cart(w http.ResponseWriter, r *http.Request) {
	var items []cart.Item
	err := run.Call(r.Context(), s.HTTP, http.MethodGet, s.cartURL(r, ""), nil, &items)
	answer(w, http.StatusOK, items, err)
}

func (s *shop) addToCart(w http.ResponseWriter, r *http.Request) {
	var item cart.Item
	if err := run.ReadJSON(r.Body, &item); err != nil {
		run.Fail(w, http.StatusBadRequest, err)
		return
	}
	var items []cart.Item
	err := run.Call(r.Context(), s.HTTP, http.MethodPost, s.cartURL(r, "/items"), item, &items)
	answer(w, http.StatusCreated, items, err)
}

// order takes what is in the cart, writes the order down and has it paid.
func (s *shop) order(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	var items []cart.Item
	if err := run.Call(ctx, s.HTTP, http.MethodPost, s.cartURL(r, "/checkout"), nil, &items); err != nil {
		fail(w, err)
		return
	}
	if len(items) == 0 {
		run.Fail(w, http.StatusConflict, errors.New("the cart is empty"))
		return
	}
	order := orders.Order{Customer: r.PathValue("user")}
	for _, item := range items {
		found, err := s.Catalog.GetProduct(ctx, &catalogpb.GetProductRequest{Id: item.Product})
		if err != nil {
			fail(w, err)
			return
		}
		order.Items += item.Quantity
		order.TotalCents += int64(item.Quantity) * int64(found.GetPriceCents())
	}
	if err := run.Call(ctx, s.HTTP, http.MethodPost, s.Orders+"/orders", order, &order); err != nil {
		fail(w, err)
		return
	}
	var receipt pay.Receipt
	charge := pay.Charge{Order: order.ID, Cents: order.TotalCents}
	err := run.Call(ctx, s.TLS, http.MethodPost, s.Pay+"/charges", charge, &receipt)
	if err == nil {
		run.Log().Info("order paid", "order", order.ID, "cents", order.TotalCents, "reference", receipt.Reference)
	}
	answer(w, http.StatusCreated, map[string]any{"order": order, "receipt": receipt}, err)
}

func (s *shop) recentOrders(w http.ResponseWriter, r *http.Request) {
	var list []orders.Order
	err := run.Call(r.Context(), s.HTTP, http.MethodGet, s.Orders+"/orders/recent", nil, &list)
	answer(w, http.StatusOK, list, err)
}

func (s *shop) cartURL(r *http.Request, rest string) string {
	return s.Cart + "/carts/" + url.PathEscape(r.PathValue("user")) + rest
}

func answer(w http.ResponseWriter, status int, value any, err error) {
	if err != nil {
		fail(w, err)
		return
	}
	run.WriteJSON(w, status, value)
}

// fail answers with what a peer's failure means to our caller: its refusals are passed on, its faults are 502.
func fail(w http.ResponseWriter, err error) {
	var refused *run.StatusError
	switch {
	case errors.As(err, &refused) && refused.Status < http.StatusInternalServerError:
		run.Fail(w, refused.Status, err)
	case status.Code(err) == codes.NotFound:
		run.Fail(w, http.StatusNotFound, errors.New(status.Convert(err).Message()))
	default:
		run.Fail(w, http.StatusBadGateway, err)
	}
}

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"price": func(cents uint32) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) },
	"now":   func() string { return time.Now().UTC().Format(time.TimeOnly) },
}).Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>The chandlery</title>
<h1>The chandlery</h1>
<table>
<thead><tr><th>Article<th>Description<th>Price<th>In stock</thead>
<tbody>
{{range .}}<tr><td id="{{.ID}}">{{.Name}}<td>{{.Description}}<td>{{price .PriceCents}}<td>{{.Stock}}
{{end}}</tbody>
</table>
<p>Prices of {{now}} UTC.</p>
</html>
`))
