-- A file that came through a link of no request, or of another one, belongs to no item: the number was the guest's word.

UPDATE hand_in_files SET item_id = NULL
WHERE item_id IS NOT NULL AND EXISTS (
    SELECT 1 FROM hand_ins JOIN links ON links.id = hand_ins.link_id JOIN request_items ON request_items.id = item_id
    WHERE hand_ins.id = hand_in_files.hand_in_id
        AND (links.request_id IS NULL OR links.request_id <> request_items.request_id)
);
