import type { Words } from './words-rules.ts'

/** What an English speaker says who wants one thing or another. */
export const englishIntents: Words['intents'] = [
  [
    'human',
    5,
    'speak to a human|speak to someone|speak to somebody|talk to someone|talk to somebody|talk to a human|real person|human being|speak to a person|talk to a person|speak with someone|speak with the manager|speak to the manager|talk to the manager|speak to a manager|talk to a manager|your manager|the manager|an operator|operator|representative|a human|speak with a human|speak with a person|put me through|transfer me|live agent|member of staff|complaint|i want to complain|talk with someone|talk to a real|speak to staff',
  ],
  [
    'cancel',
    5,
    'cancel|cancel my|cancel the|cancelling|canceling|cancellation|call off|can t make it anymore|won t be coming|won t be able to make it|can t make it tonight|not coming|no longer need|no longer coming|delete my reservation|delete my booking|get rid of my reservation|we can t come|i can t come|can t come',
  ],
  [
    'late',
    5,
    'running late|running a bit late|running a little late|running behind|minutes late|mins late|hour late|hours late|be late|a bit late|a little late|arrive late|arriving late|stuck in traffic|held up|min late|going to be late|delayed',
  ],
  [
    'waitlist',
    5,
    'waitlist|wait list|waiting list|put me on the list|put us on the list|add me to the list|how long is the wait|how long s the wait|what s the wait|the wait time|wait time|in line|notify me if|let me know if something opens|if something opens up|if a table opens|the queue',
  ],
  [
    'change',
    4,
    'change my|change the|change our|change it|change that|change to|reschedule|move my|move our|move it|move the|modify|push back|push it|push my|bring forward|update my|make it instead|instead|switch it|shift it|shift my|amend|rebook|add one person|add another person|add a person|add one more|add two more|changed my mind|change of plans|change in plans|instead of|rather than|scratch that|alter|postpone|bump|my existing|different time|different day|edit my|edit the',
  ],
  [
    'find',
    4,
    'look up my|find my reservation|find my booking|find our reservation|check my reservation|check my booking|check on my|check on a reservation|look up a reservation|look up our|do i have a reservation|do we have a reservation|do i have a booking|what time is my|when is my|when s my|what s my reservation|confirm my reservation|confirm my booking|confirm our reservation|i have a reservation|i have a booking|we have a reservation|details of my|what time is our|when is our|my confirmation code|is my reservation|calling about my|about my reservation|about our reservation|regarding my reservation|about my booking|is my table',
  ],
  [
    'hours',
    4,
    'what time do you open|what time do you close|when do you open|when do you close|are you open|opening hours|what are your hours|your hours|business hours|open until|open till|how late are you open|closing time|hours of operation|are you closed|kitchen close|last seating|last order|what time does the kitchen|open on|how late|do you open|do you close|you guys open',
  ],
  [
    'menu',
    4,
    'menu|vegan options|vegetarian options|vegan|vegetarian|do you serve|do they serve|what do you serve|serve alcohol|serve liquor|liquor|alcohol|wine list|specials|gluten free options|halal|kosher|kids menu|what kind of food|dishes|how pricey|price range|how expensive|prices|tasting menu|serves|how much is',
  ],
  [
    'allergens',
    5,
    'allergy|allergies|allergic|allergens|allergen|nut free|contain nuts|contains nuts|peanuts|peanut|celiac|coeliac|lactose|shellfish|gluten',
  ],
  [
    'location',
    4,
    'where are you|where is the restaurant|where is it|your address|address|directions|how do i get|located|location|parking|nearest station|valet|park my car|where are they|where is this place|where s the|wheelchair accessible',
  ],
  [
    'contact',
    4,
    'your phone number|phone number for|their phone number|the phone number|contact number|what number|your email|telephone number|their number|direct line|their phone|what s the phone',
  ],
  [
    'policy',
    4,
    'dress code|cancellation policy|corkage|bring my own|bring our own|byob|deposit|dogs|dog friendly|pets|pet friendly|bring a cake|bring my dog|policy|minimum spend|high chair|high chairs|highchair|live music|credit cards|accept cards|gift cards|service charge|take card|outdoor seating|private room|charge a fee|no show fee|how long can we|play music|smoking',
  ],
  [
    'book',
    3,
    'book|booking|reserve|reservation|reservations|a table|table for|get a table|make a reservation|make a booking|book a table|do you have a table|do you have anything|do you have room|do you have space|any availability|is there anything available|party of|dinner for|lunch for|available|availability|can you fit|squeeze us in|a spot|get in|place for|can i get a table|make it for|seats for|rez',
  ],
  [
    'confirm',
    2,
    'yes|yeah|yep|yup|correct|that s correct|that s right|that is correct|that is right|sounds good|sounds great|that works|perfect|go ahead|sure|confirm|confirmed|please do|absolutely|definitely|exactly|okay|ok|that s fine|great|of course|do it|works for me|alright|you got it|that is fine|that will work|that would be great|that s perfect|right|fine|good',
  ],
  [
    'deny',
    2,
    'no|nope|nah|not really|that s wrong|that s not right|incorrect|wrong|no thanks|no thank you|don t|do not|not correct|that is wrong|never mind|nevermind|not quite|i don t think so',
  ],
]
