package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// As many connections to each store as Polygraph has by default.
const connections = 16

// stores are the three stores that the queries are answered from.
type stores struct {
	sql    *pgxpool.Pool
	posts  *mongo.Collection
	likes  *mongo.Collection
	http   *http.Client
	search string
}

// openStores reads the environment that Polygraph itself reads.
func openStores(ctx context.Context) (*stores, error) {
	values := map[string]string{}
	for _, name := range []string{"DATABASE_URL", "MONGODB_URL", "ELASTICSEARCH_URL", "POLYGRAPH_NAMESPACE"} {
		values[name] = os.Getenv(name)
		if values[name] == "" {
			return nil, fmt.Errorf("%s is not set", name)
		}
	}
	namespace := values["POLYGRAPH_NAMESPACE"]
	sql, err := openSQL(ctx, values["DATABASE_URL"], namespace)
	if err != nil {
		return nil, err
	}
	database, err := openMongo(values["MONGODB_URL"])
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}
	return &stores{
		sql:    sql,
		posts:  database.Collection(namespace + "_posts"),
		likes:  database.Collection(namespace + "_likes"),
		http:   &http.Client{Transport: transport},
		search: strings.TrimSuffix(values["ELASTICSEARCH_URL"], "/") + "/" + namespace + "-search/_search",
	}, nil
}

func openSQL(ctx context.Context, url, schema string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.MaxConns = connections
	config.ConnConfig.RuntimeParams["search_path"] = schema
	config.ConnConfig.RuntimeParams["enable_bitmapscan"] = "off"
	return pgxpool.NewWithConfig(ctx, config)
}

func openMongo(address string) (*mongo.Database, error) {
	parsed, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	client, err := mongo.Connect(options.Client().ApplyURI(address).SetMaxPoolSize(connections))
	if err != nil {
		return nil, err
	}
	name := strings.TrimPrefix(parsed.Path, "/")
	if name == "" {
		name = "polygraph"
	}
	return client.Database(name), nil
}
