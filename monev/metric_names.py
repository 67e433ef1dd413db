"""The channels' own names of what they count, as staff say them.

A name that is not here is shown as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

METRICS: Mapping[str, str] = {
    "retweet_count": "Posting ulang",
    "repost_count": "Posting ulang",
    "reply_count": "Balasan",
    "like_count": "Suka",
    "quote_count": "Kutipan",
    "bookmark_count": "Disimpan",
    "impression_count": "Tayangan",
    "post_media_view": "Tayangan",
    "post_total_media_view_unique": "Jangkauan (penonton unik)",
    "post_clicks": "Klik",
    "post_reactions_by_type_total": "Reaksi",
    "views": "Tayangan",
    "reach": "Jangkauan",
    "saved": "Disimpan",
    "likes": "Suka",
    "comments": "Komentar",
    "shares": "Dibagikan",
    "total_interactions": "Seluruh interaksi",
}
