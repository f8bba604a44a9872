-- What an older station does not know is left out of its page where the page is answered.
DROP FUNCTION feed_page_1(uuid, bigint, int);
