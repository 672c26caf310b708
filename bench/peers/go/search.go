package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

type object = map[string]any

// The fields that words are looked for in, and how much a match in each weighs: src/stores/elastic/query.rs.
var wordFields = []struct {
	name  string
	boost float64
}{{"words.handle", 3}, {"words.title", 2}, {"words.body", 1}}

type answer struct {
	Hits struct {
		Hits []struct {
			ID     string  `json:"_id"`
			Score  float64 `json:"_score"`
			Source struct {
				Title string `json:"title"`
			} `json:"_source"`
		} `json:"hits"`
	} `json:"hits"`
}

// searchResult is a user or a post that was found.
type searchResult struct {
	kind  string
	id    uuid
	Title string
	score float64
}

func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && r != '_' && r != '\''
	})
}

func word(typed string) object {
	exact := make([]object, len(wordFields))
	for at, field := range wordFields {
		exact[at] = object{"term": object{field.name: object{"value": typed, "boost": field.boost}}}
	}
	either := []object{{"dis_max": object{"queries": exact, "tie_breaker": 0.1}}}
	if typos := typosForgiven(typed); typos > 0 {
		fuzzy := make([]object, len(wordFields))
		for at, field := range wordFields {
			fuzzy[at] = object{"fuzzy": object{field.name: object{
				"value": typed, "fuzziness": typos, "transpositions": true, "prefix_length": 0,
				"rewrite": "constant_score",
			}}}
		}
		filter := object{"bool": object{"should": fuzzy}}
		either = append(either, object{"constant_score": object{"filter": filter, "boost": 0.1}})
	}
	return object{"bool": object{"should": either}}
}

func typosForgiven(word string) int {
	switch letters := utf8.RuneCountInString(word); {
	case letters < 4:
		return 0
	case letters < 8:
		return 1
	default:
		return 2
	}
}

// find is a page of the results for a text, best first.
func (s *stores) find(ctx context.Context, text string, types *[]string, first int32) (slice[*searchResult], error) {
	typed := words(text)
	must := make([]object, len(typed))
	for at := range typed {
		must[at] = word(typed[at])
	}
	filter := []object{}
	if types != nil && len(*types) == 1 {
		filter = append(filter, object{"term": object{"kind": strings.ToLower((*types)[0])}})
	}
	found, err := s.ask(ctx, strings.Join(typed, "-"), object{
		"query":            object{"bool": object{"must": must, "filter": filter}},
		"size":             first + 1,
		"track_total_hits": false,
		"_source":          []string{"title"},
		"sort":             []object{{"_score": "desc"}, {"id": "desc"}},
	})
	if err != nil {
		return slice[*searchResult]{}, err
	}
	results := make([]*searchResult, len(found.Hits.Hits))
	for at, hit := range found.Hits.Hits {
		kind, id, _ := strings.Cut(hit.ID, ":")
		bytes, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
		if err != nil || len(bytes) != 16 {
			return slice[*searchResult]{}, fmt.Errorf("a document has the id %q", hit.ID)
		}
		results[at] = &searchResult{kind: kind, id: uuid(bytes), Title: hit.Source.Title, score: hit.Score}
	}
	return sliceOf(results, first), nil
}

// ask sends a search; the pages of one search come from one copy of the index.
func (s *stores) ask(ctx context.Context, replica string, body object) (*answer, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	address := s.search + "?allow_partial_search_results=false&preference=" + url.QueryEscape(replica)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(encoded))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := s.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the index answered %s", response.Status)
	}
	found := &answer{}
	return found, json.NewDecoder(response.Body).Decode(found)
}
