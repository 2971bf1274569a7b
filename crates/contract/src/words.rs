//! The closed sets of the contract.

use crate::vocabulary::vocabulary;

vocabulary! {
    /// Who took liquidity.
    Aggressor {
        /// The buyer.
        Buyer = "B",
        /// The seller.
        Seller = "A",
        /// Not known.
        Unknown = "N",
    }
}

vocabulary! {
    /// What a row of `trades` says.
    TradeAction {
        /// A print.
        Trade = "T",
        /// The print that `ref_trade_id` means is cancelled.
        Cancel = "X",
        /// The print that `ref_trade_id` means is corrected to these values.
        Correct = "C",
    }
}

vocabulary! {
    /// State of a rebuilt book.
    BookState {
        /// In order.
        Ordered = "O",
        /// Crossed as received.
        Crossed = "X",
        /// Updates were lost; unknown until the next snapshot.
        Gap = "G",
    }
}

vocabulary! {
    /// What a row of `book_deltas` does.
    DeltaAction {
        /// Adds an order.
        Add = "A",
        /// Changes an order, or sets the total of a level.
        Modify = "M",
        /// Cancels an order, wholly or in part.
        Cancel = "C",
        /// Fills a resting order.
        Fill = "F",
        /// Reports a trade.
        Trade = "T",
        /// Clears the book.
        Clear = "R",
        /// Changes nothing; keeps chains of update ids checkable.
        None = "N",
    }
}

vocabulary! {
    /// Side of the book.
    BookSide {
        /// Bids.
        Bid = "B",
        /// Asks.
        Ask = "A",
        /// Neither.
        None = "N",
    }
}

vocabulary! {
    /// What the prices of a bar are of.
    PriceType {
        /// Trades.
        Trade = "trade",
        /// Best bids.
        Bid = "bid",
        /// Best asks.
        Ask = "ask",
        /// Mids.
        Mid = "mid",
    }
}

vocabulary! {
    /// What a row of `feed_marks` says.
    MarkKind {
        /// Coverage starts.
        Start = "start",
        /// Complete up to `ts_mark`.
        Watermark = "watermark",
        /// Something was lost.
        Gap = "gap",
        /// Coverage ends.
        End = "end",
    }
}

vocabulary! {
    /// What was decided.
    DecisionAction {
        /// Open a position.
        Enter = "enter",
        /// Close it.
        Exit = "exit",
        /// Add to it.
        Increase = "increase",
        /// Take from it.
        Reduce = "reduce",
        /// Close it and open the opposite.
        Reverse = "reverse",
        /// Offset a risk.
        Hedge = "hedge",
        /// Keep it as it is.
        Hold = "hold",
        /// Let a signal pass.
        Skip = "skip",
        /// Cancel an order.
        Cancel = "cancel",
        /// Change an order.
        Modify = "modify",
    }
}

vocabulary! {
    /// What became of a decision.
    #[derive(Default)]
    DecisionStatus {
        /// Sent on.
        #[default]
        Submitted = "submitted",
        /// Only proposed.
        Proposed = "proposed",
        /// Denied by risk control.
        Denied = "denied",
        /// Held back by a rule of the strategy.
        Suppressed = "suppressed",
    }
}

vocabulary! {
    /// Direction.
    Side {
        /// Buy.
        Buy = "buy",
        /// Sell.
        Sell = "sell",
    }
}

vocabulary! {
    /// Who decided.
    Decider {
        /// An algorithm.
        Algorithm = "algorithm",
        /// A person.
        Human = "human",
        /// A person against an algorithm.
        HumanOverride = "human_override",
    }
}

vocabulary! {
    /// What an execution report says.
    ExecType {
        /// The order is working.
        New = "new",
        /// A fill.
        Trade = "trade",
        /// The order was replaced.
        Replaced = "replaced",
        /// The order was cancelled.
        Canceled = "canceled",
        /// The order was refused.
        Rejected = "rejected",
        /// The order expired.
        Expired = "expired",
        /// A fill was corrected.
        TradeCorrect = "trade_correct",
        /// A fill was busted.
        TradeCancel = "trade_cancel",
        /// The order was restated by the venue.
        Restated = "restated",
    }
}

vocabulary! {
    /// Part that a fill played.
    Liquidity {
        /// Made liquidity.
        Maker = "maker",
        /// Took liquidity.
        Taker = "taker",
        /// Filled in an auction.
        Auction = "auction",
        /// Routed away.
        Routed = "routed",
        /// Something else.
        Other = "other",
        /// Not known.
        Unknown = "unknown",
    }
}

vocabulary! {
    /// Kind of a cash posting.
    PostingKind {
        /// Funding of a perpetual.
        Funding = "funding",
        /// Cost of borrowing.
        Borrow = "borrow",
        /// Fee.
        Fee = "fee",
        /// Rebate.
        Rebate = "rebate",
        /// Dividend.
        Dividend = "dividend",
        /// Interest.
        Interest = "interest",
        /// Realized profit and loss.
        RealizedPnl = "realized_pnl",
        /// Deposit.
        Deposit = "deposit",
        /// Withdrawal.
        Withdrawal = "withdrawal",
        /// Transfer between accounts.
        Transfer = "transfer",
        /// Conversion of currency.
        Conversion = "conversion",
    }
}

vocabulary! {
    /// Kind of a document or release.
    IntelligenceKind {
        /// News.
        News = "news",
        /// Social media.
        Social = "social",
        /// Filing.
        Filing = "filing",
        /// Macro release.
        Macro = "macro",
        /// On-chain data.
        Onchain = "onchain",
        /// Analyst.
        Analyst = "analyst",
        /// Something else.
        Other = "other",
    }
}

vocabulary! {
    /// Kind of a source.
    SourceKind {
        /// Feed of a venue.
        VenueFeed = "venue_feed",
        /// Files of a vendor.
        VendorFile = "vendor_file",
        /// Broker.
        Broker = "broker",
        /// Own strategy.
        Strategy = "strategy",
        /// Model.
        Model = "model",
        /// News service.
        News = "news",
        /// A person.
        Operator = "operator",
    }
}

vocabulary! {
    /// Asset class.
    AssetClass {
        /// Share.
        Equity = "equity",
        /// Exchange-traded fund.
        Etf = "etf",
        /// Currency pair.
        Fx = "fx",
        /// Contract for difference.
        Cfd = "cfd",
        /// Future.
        Future = "future",
        /// Perpetual future.
        Perpetual = "perpetual",
        /// Option.
        Option = "option",
        /// Index.
        Index = "index",
        /// Crypto asset.
        CryptoSpot = "crypto_spot",
        /// Bond.
        Bond = "bond",
        /// Something else.
        Other = "other",
    }
}

vocabulary! {
    /// Unit of public sizes.
    SizeUnit {
        /// Units of the base currency or asset.
        Base = "base",
        /// Units of the quote currency.
        Quote = "quote",
        /// Contracts.
        Contract = "contract",
        /// Shares.
        Share = "share",
    }
}

vocabulary! {
    /// Right of an option.
    OptionRight {
        /// Call.
        Call = "C",
        /// Put.
        Put = "P",
    }
}

vocabulary! {
    /// Kind of a corporate action.
    AdjustmentKind {
        /// Split.
        Split = "split",
        /// Cash dividend.
        CashDividend = "cash_dividend",
        /// Stock dividend.
        StockDividend = "stock_dividend",
        /// Spin-off.
        SpinOff = "spin_off",
        /// New symbol.
        Rename = "rename",
        /// Delisting.
        Delisting = "delisting",
    }
}

vocabulary! {
    /// Phase of a trading day.
    SessionPhase {
        /// Before the open.
        Pre = "pre",
        /// Auction.
        Auction = "auction",
        /// Continuous trading.
        Regular = "regular",
        /// After the close.
        Post = "post",
        /// Closed.
        Closed = "closed",
    }
}

vocabulary! {
    /// What an outcome rests on.
    OutcomeBasis {
        /// Own fills closed the position.
        Realized = "realized",
        /// Own fills, valued at the market.
        Marked = "marked",
        /// What would have been.
        Counterfactual = "counterfactual",
    }
}

vocabulary! {
    /// State of a label or outcome.
    LabelStatus {
        /// A declared later input is outstanding.
        Provisional = "provisional",
        /// Complete.
        Final = "final",
        /// The data cannot tell.
        Indeterminate = "indeterminate",
        /// Withdrawn.
        Void = "void",
    }
}

vocabulary! {
    /// Kind of a label.
    LabelKind {
        /// Five-class grade.
        Grade = "grade",
        /// Return over a fixed horizon.
        FixedHorizon = "fixed_horizon",
        /// First barrier touched.
        TripleBarrier = "triple_barrier",
        /// Whether the decision's side paid.
        Meta = "meta",
        /// Whether the order was filled.
        Fill = "fill",
    }
}

vocabulary! {
    /// Kind of a quality finding.
    QualityKind {
        /// Score.
        Score = "score",
        /// Broken rule.
        Violation = "violation",
        /// Anomaly.
        Anomaly = "anomaly",
        /// Drift.
        Drift = "drift",
        /// Change point.
        ChangePoint = "change_point",
        /// Clock finding.
        Clock = "clock",
        /// Cleansing.
        Cleanse = "cleanse",
    }
}

vocabulary! {
    /// Which checks ran.
    QualityMode {
        /// Causal checks only.
        Live = "live",
        /// All checks, with hindsight.
        Final = "final",
    }
}

vocabulary! {
    /// How bad it is.
    Severity {
        /// Worth knowing.
        Info = "info",
        /// Suspicious.
        Warn = "warn",
        /// Wrong.
        Error = "error",
        /// Unusable.
        Critical = "critical",
    }
}

vocabulary! {
    /// What happened to a dataset.
    DatasetEventKind {
        /// A version was published.
        Published = "published",
        /// A name points to another version.
        RefMoved = "ref_moved",
        /// A version is kept.
        Pinned = "pinned",
        /// A version is hidden.
        Withdrawn = "withdrawn",
        /// Rows were erased.
        Erased = "erased",
    }
}

vocabulary! {
    /// Verdict of a leakage certificate.
    CertificateVerdict {
        /// No leakage found.
        Passed = "passed",
        /// Leakage found.
        Failed = "failed",
        /// Not asked for, with a reason.
        Waived = "waived",
    }
}

vocabulary! {
    /// How to read a payload.
    PayloadFormat {
        /// Original bytes.
        Raw = "raw",
        /// The row as an Arrow IPC stream.
        ArrowIpc = "arrow_ipc",
    }
}

vocabulary! {
    /// Kind of a node in lineage.
    LineageKind {
        /// Range of a log.
        LogRange = "log_range",
        /// Table.
        Table = "table",
        /// File.
        File = "file",
        /// Dataset.
        Dataset = "dataset",
        /// Model.
        Model = "model",
        /// Report.
        Report = "report",
    }
}

vocabulary! {
    /// What erasure must do.
    LineageEffect {
        /// Rows derive from rows.
        Rows = "rows",
        /// An aggregate of rows.
        Aggregate = "aggregate",
        /// A fitted model.
        Model = "model",
    }
}

vocabulary! {
    /// What a gap in a producer's numbers means.
    ProducerMode {
        /// An error.
        Strict = "strict",
        /// A loss upstream.
        Lossy = "lossy",
    }
}

vocabulary! {
    /// State of a producer.
    ProducerState {
        /// May append.
        Open = "open",
        /// Promised no more rows.
        Closed = "closed",
        /// Replaced by a later epoch.
        Fenced = "fenced",
    }
}

vocabulary! {
    /// Completeness of a range.
    CaptureVerdict {
        /// Everything emitted is durable.
        Complete = "complete",
        /// The tail is not known yet.
        Open = "open",
        /// Rows are missing.
        Incomplete = "incomplete",
        /// Rows were lost.
        Damaged = "damaged",
    }
}

vocabulary! {
    /// Why rows are missing.
    GapKind {
        /// Emitted and never received.
        Missing = "missing",
        /// Declared never to come.
        Skipped = "skipped",
        /// Lost by damage.
        Damaged = "damaged",
        /// Not acknowledged when the writer died.
        Torn = "torn",
    }
}

vocabulary! {
    /// Where rows were counted.
    Hop {
        /// At the producer.
        Produced = "produced",
        /// In the log.
        Log = "log",
        /// In the archive.
        Archive = "archive",
        /// In the features stage.
        Features = "features",
    }
}

vocabulary! {
    /// What an offset counts from.
    AnchorKind {
        /// The decision.
        Decision = "decision",
        /// The fill.
        Fill = "fill",
    }
}
