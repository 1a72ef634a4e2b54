// hits - every change of a notification leaves a line: what ran, and how often.  admin runs statements
// as the superuser (copy.mjs).
export function recordHits(admin) {
  admin(`CREATE TABLE public.hits (id uuid);
    CREATE FUNCTION public.hit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
      $$ BEGIN INSERT INTO public.hits VALUES (NEW.id); RETURN NULL; END $$;
    CREATE TRIGGER hit AFTER UPDATE ON notifications FOR EACH ROW EXECUTE FUNCTION public.hit();`);
}
