// Command peers serves the benchmark's five queries with graph-gophers/graphql-go and graph-gophers/dataloader, from
// the stores that Polygraph seeded.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/graph-gophers/graphql-go"
	"github.com/graph-gophers/graphql-go/relay"
)

// The schema is shared with the peers on Node; the program is started in its own folder.
const schemaFile = "../schema.graphql"

// How many resolvers of one request may wait at a time: more than the largest level of the five queries has. The
// default of 10 would cut each level into many batches.
const maxParallelism = 1_000

func main() {
	if err := serve(); err != nil {
		log.Fatal(err)
	}
}

func serve() error {
	stores, err := openStores(context.Background())
	if err != nil {
		return err
	}
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		return err
	}
	schema, err := graphql.ParseSchema(string(text), &query{stores},
		graphql.UseFieldResolvers(), graphql.MaxParallelism(maxParallelism), graphql.DisableFieldSelections())
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(setting("HOST", "127.0.0.1"), setting("PORT", "0")))
	if err != nil {
		return err
	}
	fmt.Printf("Listening on http://%s\n", listener.Addr())
	http.Handle("/graphql", withRequest(stores, &relay.Handler{Schema: schema}))
	return http.Serve(listener, nil)
}

// withRequest gives each request its viewer, by the header that the harness sends, and its loaders.
func withRequest(stores *stores, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request := &request{loaders: openLoaders(stores)}
		if header := r.Header.Get("x-viewer"); header != "" {
			viewer, err := parseID(userTag, graphql.ID(header))
			if err != nil {
				http.Error(w, err.Error(), http.StatusUnauthorized)
				return
			}
			request.viewer = &viewer
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestKey{}, request)))
	})
}

// request is what belongs to one request.
type request struct {
	viewer  *uuid
	loaders *loaders
}

type requestKey struct{}

func requestOf(ctx context.Context) *request {
	return ctx.Value(requestKey{}).(*request)
}

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
