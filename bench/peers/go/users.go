package main

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// The statements are those of src/stores/sql/queries.
const (
	usersByID = `SELECT u.id, u.handle, u.name, u.bio, u.email, u.created_at, u.followers_count, u.following_count,
		u.version FROM users u WHERE u.id = ANY($1) AND u.closed_at IS NULL`
	followees = `SELECT f.followed_id FROM follows f WHERE f.follower_id = $1
		AND NOT EXISTS (SELECT 1 FROM users c WHERE c.id = f.followed_id AND c.closed_at IS NOT NULL)`
)

type user struct {
	id             uuid
	Handle         string
	Name           string
	Bio            *string
	createdAt      int64
	FollowersCount int32
	FollowingCount int32
}

func (s *stores) usersByID(ctx context.Context, ids []uuid) (map[uuid]*user, error) {
	rows, err := s.sql.Query(ctx, usersByID, ids)
	if err != nil {
		return nil, err
	}
	found := make(map[uuid]*user, len(ids))
	var (
		email   *string
		version int64
	)
	for rows.Next() {
		user := &user{}
		err := rows.Scan(&user.id, &user.Handle, &user.Name, &user.Bio, &email, &user.createdAt,
			&user.FollowersCount, &user.FollowingCount, &version)
		if err != nil {
			rows.Close()
			return nil, err
		}
		found[user.id] = user
	}
	return found, rows.Err()
}

func (s *stores) followees(ctx context.Context, of uuid) ([]uuid, error) {
	rows, err := s.sql.Query(ctx, followees, of)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid])
}
