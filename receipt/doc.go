// Package receipt keeps a record of a training run from which others can check it: a chain of digests over what the run
// claims (data, configuration), and, every so many steps, its whole state. Since equal runs make equal bits on every
// machine, an auditor who has the data restores any state of the chain, replays the steps to the next one, on whatever
// CPU, and must come to the very same bytes.
//
//	f, err := os.Create("run.receipt")
//	...
//	w, err := receipt.NewWriter(f, 100, claims) // a state every 100 steps
//	err = w.Add(0, nil, state)         // the start
//	err = w.Add(100, facts, state)     // after 100 steps, and so on
//	digest, err := w.End(results)      // to be published: whoever changes the receipt later changes it
//
//	r, err := receipt.Open("run.receipt") // every byte is checked
//	report, err := receipt.Audit(ctx, r, replayer, receipt.Options{Segments: 5, Seed: drawn})
//
// The package knows nothing of what is trained: a state is bytes, a [Replayer] makes them. Package linear/witness
// writes and replays receipts of linear.Trainer.
//
// # The file
//
// A receipt is a sequence of records. A record is a line, JSON in UTF-8 ended by a line feed, with these fields in this
// order and without spaces, as encoding/json writes it; after the line of a segment follow the bytes of its state and a
// line feed. The first record has the claims, in the order in which the run
// made them:
//
//	{"receipt":2,"every":100,"claims":[{"name":"optimizer","value":"adam"}, ...]}
//
// then come the segments, 0 with the state before the first step, each later one with the state after step
// steps, every more than the segment before but for the last, which may have fewer, and facts about these steps:
//
//	{"previous":"...","segment":1,"step":100,"facts":[{"name":"order","value":"..."}],"bytes":369012,"sha256":"..."}
//
// and the end, without which a receipt is that of a run that goes on or was cut off:
//
//	{"previous":"...","end":true,"segments":11,"step":1000,"results":[{"name":"weights","value":"..."}, ...]}
//
// previous is the SHA-256, 64 lower-case hexadecimal digits, of the line before with its line feed, and sha256 that of
// the state: each line is a digest of all before it, and the digest of the last line, which [Writer.End] returns and
// [Receipt] has, is the receipt's.
//
// # What an audit proves
//
// A receipt whose digest was published before the auditor drew the segments cannot be fitted to them. Then for each
// segment that is replayed with the same result, the state after it is what the claimed data and configuration make of
// the state before it; for segment 0, the start is what the configuration makes. If all segments are replayed, the
// results are those of the claimed run. If f of n segments beyond the start are forged, an audit of k of them misses
// all with probability C(n-f, k) / C(n, k), [Missed]; one forged segment, which is enough for any results, it misses
// with 1 - k/n. Segments have the same chance to be drawn and, but for the last, the same number of steps, which [Read]
// checks: nobody can put a forgery where it is drawn less often. n is chosen by who makes the receipt.
//
// An audit does not prove that the data is what it is said to be, that the configuration was not chosen by trying
// others on the test set, or when and by whom the run was made; and whoever holds data and configuration can make an
// honest receipt of a run afterwards. A receipt has the versions of its own form and of the state's, and not that of
// the program: auditors need one that makes the same bits.
package receipt
