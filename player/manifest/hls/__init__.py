"""HLS playlists (RFC 8216bis) read into the model: own line reader, own builders."""
