package main

import (
	"context"
	"time"

	"github.com/graph-gophers/dataloader/v7"
)

// How long a batch waits for more keys, from its first one on. The default of 16 ms would be most of a request's time.
const batchWait = time.Millisecond

// loaders are the batched lookups of one request.
type loaders struct {
	users *dataloader.Loader[uuid, *user]
	posts *dataloader.Loader[uuid, *post]
	// contents are posts with their contents.
	contents *dataloader.Loader[uuid, *post]
	likes    *dataloader.Loader[likesKey, slice[*like]]
}

// likesKey is a page of the likes of a post.
type likesKey struct {
	post  uuid
	first int32
}

func openLoaders(stores *stores) *loaders {
	return &loaders{
		users: batched(stores.usersByID),
		posts: batched(func(ctx context.Context, ids []uuid) (map[uuid]*post, error) {
			return stores.postsByID(ctx, ids, false)
		}),
		contents: batched(func(ctx context.Context, ids []uuid) (map[uuid]*post, error) {
			return stores.postsByID(ctx, ids, true)
		}),
		likes: batched(func(ctx context.Context, keys []likesKey) (map[likesKey]slice[*like], error) {
			return likesOf(ctx, stores, keys)
		}),
	}
}

// likesOf asks once for each size of page; siblings of one field of a query have the same.
func likesOf(ctx context.Context, stores *stores, keys []likesKey) (map[likesKey]slice[*like], error) {
	bySize := map[int32][]uuid{}
	for _, key := range keys {
		bySize[key.first] = append(bySize[key.first], key.post)
	}
	pages := make(map[likesKey]slice[*like], len(keys))
	for first, posts := range bySize {
		found, err := stores.likesOf(ctx, posts, first)
		if err != nil {
			return nil, err
		}
		for post, page := range found {
			pages[likesKey{post, first}] = page
		}
	}
	return pages, nil
}

// batched makes a loader of a lookup by many keys. A key that is not found has the zero value.
func batched[K comparable, V any](find func(context.Context, []K) (map[K]V, error)) *dataloader.Loader[K, V] {
	batch := func(ctx context.Context, keys []K) []*dataloader.Result[V] {
		found, err := find(ctx, keys)
		results := make([]*dataloader.Result[V], len(keys))
		for at, key := range keys {
			results[at] = &dataloader.Result[V]{Data: found[key], Error: err}
		}
		return results
	}
	return dataloader.NewBatchedLoader(batch, dataloader.WithWait[K, V](batchWait))
}
