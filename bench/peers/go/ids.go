package main

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math"
	"time"

	"github.com/graph-gophers/graphql-go"
)

// uuid is what identifies users and posts, in every store.
type uuid = [16]byte

// Global ids, as Polygraph has them, are base64url of a tag and the bytes of what they name.
const (
	userTag = 'U'
	postTag = 'P'
	likeTag = 'L'
)

// Cursors are base64url of a version, the list's number and the item's sort key.
const (
	version         = 1
	postsNewest     = 4
	feed            = 6
	searchRelevance = 7
	postLikes       = 15
)

var encoding = base64.RawURLEncoding

func globalID(tag byte, ids ...uuid) graphql.ID {
	bytes := make([]byte, 1, 33)
	bytes[0] = tag
	for _, id := range ids {
		bytes = append(bytes, id[:]...)
	}
	return graphql.ID(encoding.EncodeToString(bytes))
}

func parseID(tag byte, text graphql.ID) (uuid, error) {
	bytes, err := encoding.DecodeString(string(text))
	if err != nil || len(bytes) != 17 || bytes[0] != tag {
		return uuid{}, errors.New("this id is of something else, or of nothing")
	}
	return uuid(bytes[1:]), nil
}

func postCursor(list byte) func(*post) string {
	return func(post *post) string {
		return encoding.EncodeToString(append([]byte{version, list}, post.id[:]...))
	}
}

func likeCursor(like *like) string {
	bytes := binary.BigEndian.AppendUint64([]byte{version, postLikes}, uint64(like.createdAt.UnixMilli()))
	return encoding.EncodeToString(append(bytes, like.user[:]...))
}

func searchCursor(result *searchResult) string {
	score := math.Float32bits(float32(result.score))
	bytes := binary.BigEndian.AppendUint32([]byte{version, searchRelevance}, score)
	return encoding.EncodeToString(append(bytes, result.id[:]...))
}

// dateTime is the schema's scalar: RFC 3339 in UTC, with milliseconds.
type dateTime struct{ time.Time }

func (dateTime) ImplementsGraphQLType(name string) bool { return name == "DateTime" }

func (*dateTime) UnmarshalGraphQL(any) error { return errors.New("no field takes a DateTime here") }

func (t dateTime) MarshalJSON() ([]byte, error) {
	return []byte(t.UTC().Format(`"2006-01-02T15:04:05.000Z"`)), nil
}
