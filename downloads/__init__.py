"""The place of offline titles (store, scheduler, rights, repair) in the layers; nothing stands here yet."""
